/** Signed calls made by hand, for what an SDK cannot be made to send. Written apart from the simulator's verifier. */
import { createHash, createHmac, randomUUID } from 'node:crypto';
import { request } from 'node:http';

export interface Endpoint {
  readonly endpoint: string;
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
}

export interface CallOptions {
  readonly method: string;
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly date: string;
  readonly nonce: string;
  readonly version: string;
  readonly secret: string;
  readonly accessKeyId: string;
  readonly securityToken: string;
  readonly scheme: 'V3' | 'V1';
  /** Sends business parameters of a V1 call as a form. */
  readonly form: boolean;
  readonly body: string;
  /** Claims another hash of the body than it has. */
  readonly contentHash: string;
}

export interface ApiAnswer {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly body: Record<string, unknown>;
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: ApiAnswer['headers'];
  readonly type: string;
  readonly text: string;
  /** How many pieces it came in. */
  readonly parts: number;
}

const enc = (value: string): string =>
  encodeURIComponent(value).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
const sorted = (params: Record<string, string>): string =>
  Object.keys(params)
    .sort()
    .map((name) => `${enc(name)}=${enc(params[name] ?? '')}`)
    .join('&');
const sha = (text: string): string => createHash('sha256').update(text).digest('hex');
const isoSecond = (at: number): string => `${new Date(at).toISOString().slice(0, 19)}Z`;

/** Makes one signed call; the answer must be JSON. */
export async function callApi(
  to: Endpoint,
  action: string,
  params: Record<string, string>,
  options: Partial<CallOptions> = {},
): Promise<ApiAnswer> {
  const { status, headers, text } = await callRaw(to, action, params, options);
  return { status, headers, body: JSON.parse(text) as Record<string, unknown> };
}

/** Makes one signed call and takes the answer as it comes. */
export function callRaw(
  to: Endpoint,
  action: string,
  params: Record<string, string>,
  options: Partial<CallOptions> = {},
): Promise<RawAnswer> {
  const sign = options.scheme === 'V1' ? signV1 : signV3;
  return exchange(to.endpoint, sign(to, action, params, options));
}

interface Outgoing {
  readonly method: string;
  readonly target: string;
  readonly headers: Record<string, string>;
  readonly body: string;
}

function signV3(
  to: Endpoint,
  action: string,
  params: Record<string, string>,
  options: Partial<CallOptions>,
): Outgoing {
  const method = options.method ?? 'POST';
  const path = options.path ?? '/';
  const body = options.body ?? '';
  const headers: Record<string, string> = {
    host: to.endpoint,
    'x-acs-action': action,
    'x-acs-content-sha256': options.contentHash ?? sha(body),
    'x-acs-date': options.date ?? isoSecond(Date.now()),
    'x-acs-signature-nonce': options.nonce ?? randomUUID(),
    'x-acs-version': options.version ?? '2014-05-26',
    ...(options.securityToken === undefined ? {} : { 'x-acs-security-token': options.securityToken }),
  };
  const names = Object.keys(headers).sort();
  const canonical = [
    method,
    path,
    sorted(params),
    names.map((name) => `${name}:${headers[name] ?? ''}\n`).join(''),
    names.join(';'),
    sha(body),
  ].join('\n');
  const signature = createHmac('sha256', options.secret ?? to.accessKeySecret)
    .update(`ACS3-HMAC-SHA256\n${sha(canonical)}`)
    .digest('hex');
  const key = options.accessKeyId ?? to.accessKeyId;
  headers['authorization'] =
    `ACS3-HMAC-SHA256 Credential=${key},SignedHeaders=${names.join(';')},Signature=${signature}`;
  const query = sorted(params);
  return {
    method,
    target: query === '' ? path : `${path}?${query}`,
    headers: { ...headers, ...options.headers },
    body,
  };
}

function signV1(
  to: Endpoint,
  action: string,
  params: Record<string, string>,
  options: Partial<CallOptions>,
): Outgoing {
  const method = options.method ?? 'POST';
  const system: Record<string, string> = {
    AccessKeyId: options.accessKeyId ?? to.accessKeyId,
    Action: action,
    Format: 'JSON',
    SignatureMethod: 'HMAC-SHA1',
    SignatureNonce: options.nonce ?? randomUUID(),
    SignatureVersion: '1.0',
    SignatureType: '',
    Timestamp: options.date ?? isoSecond(Date.now()),
    Version: options.version ?? '2014-05-26',
    ...(options.securityToken === undefined ? {} : { SecurityToken: options.securityToken }),
  };
  const text = `${method}&%2F&${enc(sorted({ ...system, ...params }))}`;
  system['Signature'] = createHmac('sha1', `${options.secret ?? to.accessKeySecret}&`)
    .update(text)
    .digest('base64');
  const form = options.form ?? false;
  return {
    method,
    target: `/?${sorted(form ? system : { ...system, ...params })}`,
    headers: {
      host: to.endpoint,
      ...(form ? { 'content-type': 'application/x-www-form-urlencoded' } : {}),
      ...options.headers,
    },
    body: form ? sorted(params) : '',
  };
}

/** Sends a request as it is; the answer must be JSON. */
export async function send(endpoint: string, outgoing: Outgoing): Promise<ApiAnswer> {
  const { status, headers, text } = await exchange(endpoint, outgoing);
  return { status, headers, body: JSON.parse(text) as Record<string, unknown> };
}

function exchange(endpoint: string, outgoing: Outgoing): Promise<RawAnswer> {
  const [host, port] = endpoint.split(':');
  const { method, target, headers, body } = outgoing;
  return new Promise((resolve, reject) => {
    const call = request({ host, port, method, path: target, headers, agent: false }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('error', reject);
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          type: response.headers['content-type'] ?? '',
          text: Buffer.concat(parts).toString('utf8'),
          parts: parts.length,
        }),
      );
    });
    call.on('error', reject);
    call.end(body);
  });
}
