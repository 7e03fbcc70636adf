/**
 * Token paging to the end. Page numbers shift when rows appear or go while somebody pages; tokens do not, so tokens are
 * all we use.
 *
 * The one rule: a list is read to its end or the read fails. A token seen before would page for ever and fails.
 */
import { EcsError } from './errors';

/** More pages than any list of an account has; a guard against an endless answer. */
const MAX_PAGES = 10_000;

/**
 * Yields each page.
 * @param fetchPage reads the page of a token (`undefined` = the first)
 * @param tokenOf where the next token is in a page; default `nextToken` of the body
 */
export async function* pagesByToken<B extends object>(
  fetchPage: (token?: string) => Promise<B>,
  tokenOf: (body: B) => string | undefined = (body) => (body as { nextToken?: string }).nextToken,
): AsyncGenerator<B> {
  const seen = new Set<string>();
  let token: string | undefined;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const body = await fetchPage(token);
    yield body;
    token = tokenOf(body);
    if (token === undefined || token === '') return;
    if (seen.has(token)) break;
    seen.add(token);
  }
  throw new EcsError({
    action: 'paging',
    code: 'Paging.RepeatedToken',
    kind: 'retry',
    effectExcluded: true,
    message: 'the list answered a NextToken it had answered before; reading it again from the start',
  });
}

/** Consecutive pieces of at most `size`. */
export function inChunks<T>(items: readonly T[], size: number): T[][] {
  const chunks: T[][] = [];
  for (let start = 0; start < items.length; start += size) chunks.push(items.slice(start, start + size));
  return chunks;
}
