/**
 * A raw request as the signature sees it. The rule: decode as a form (`+` and `%20` are spaces) and keep every
 * parameter, empty ones included.
 */

/** The raw parts of one HTTP request. Header names are lower-case; a repeated header has several values. */
export interface RawRequest {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: ReadonlyMap<string, readonly string[]>;
  readonly body: Buffer;
}

/** A decoded `name=value`. */
export type Pair = readonly [name: string, value: string];

/** The first value of a header, or undefined. */
export function header(request: RawRequest, name: string): string | undefined {
  return request.headers.get(name)?.[0];
}

function decode(text: string): string {
  const spaced = text.replace(/\+/g, ' ');
  try {
    return decodeURIComponent(spaced);
  } catch {
    // Not valid percent-encoded UTF-8: taken byte by byte, bad bytes replaced, as lenient servers do.
    return new URLSearchParams(`x=${text}`).get('x') ?? '';
  }
}

/** The parameters of a query string or form body, in order. */
export function formPairs(text: string): Pair[] {
  return text
    .split('&')
    .filter((part) => part !== '')
    .map((part) => {
      const cut = part.indexOf('=');
      return cut < 0 ? [decode(part), ''] : [decode(part.slice(0, cut)), decode(part.slice(cut + 1))];
    });
}

/** True when the body is a form. */
export function hasFormBody(request: RawRequest): boolean {
  const type = header(request, 'content-type') ?? '';
  return request.body.length > 0 && type.toLowerCase().includes('application/x-www-form-urlencoded');
}

/** All parameters: the query's, then those of a form body. */
export function allPairs(request: RawRequest): Pair[] {
  const body = hasFormBody(request) ? formPairs(request.body.toString('utf8')) : [];
  return [...formPairs(request.query), ...body];
}
