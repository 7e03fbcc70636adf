/**
 * Verifies both signatures of the API: V3 (ACS3-HMAC-SHA256, in headers) and V1 (HMAC-SHA1, in parameters).
 * The rule: pure functions of the raw request, the secrets and the moment; whoever calls keeps the nonces.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { EcsError } from '../core/errors';
import type { Pair, RawRequest } from './request';
import { allPairs, formPairs, header } from './request';

/** What a good signature tells. */
export interface Verified {
  readonly scheme: 'V3' | 'V1';
  readonly accessKeyId: string;
  readonly nonce: string;
  readonly securityToken: string | undefined;
}

/** Finds the secret of a key, or undefined. */
export type SecretOf = (accessKeyId: string) => string | undefined;

/** The clock may be this far off, either way. */
export const SIGNATURE_WINDOW_MS = 15 * 60_000;

const MINIMUM_SIGNED = [
  'host',
  'x-acs-action',
  'x-acs-content-sha256',
  'x-acs-date',
  'x-acs-signature-nonce',
  'x-acs-version',
];
const ALGORITHM = 'ACS3-HMAC-SHA256';

const incomplete = (detail: string): EcsError =>
  new EcsError(
    400,
    'IncompleteSignature',
    `The request signature does not conform to Aliyun standards. ${detail}`.trim(),
  );

/** Percent-encodes as RFC 3986 wants it. */
export function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function canonicalQuery(pairs: readonly Pair[]): string {
  return [...pairs]
    .sort(([a, x], [b, y]) => byBytes(a, b) || byBytes(x, y))
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .join('&');
}

function sameText(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

const sha256 = (data: Buffer | string): string => createHash('sha256').update(data).digest('hex');

/** Verifies a request; throws the error of the gateway when it is not good. `now` is wall time. */
export function verifySignature(
  request: RawRequest,
  secretOf: SecretOf,
  now: number,
  unknownKeyStatus: 404 | 400 = 404,
): Verified {
  const authorization = header(request, 'authorization');
  // Another Authorization, of a proxy for instance, says nothing about a V1 request.
  const isV3 = authorization?.startsWith('ACS3-') ?? false;
  if (authorization !== undefined && (isV3 || !isSignedV1(request)))
    return verifyV3(request, authorization, secretOf, now, unknownKeyStatus);
  return verifyV1(request, secretOf, now, unknownKeyStatus);
}

function isSignedV1(request: RawRequest): boolean {
  return allPairs(request).some(([name]) => name === 'Signature');
}

function requireSecret(accessKeyId: string, secretOf: SecretOf, status: 404 | 400): string {
  const secret = secretOf(accessKeyId);
  if (secret === undefined)
    throw new EcsError(status, 'InvalidAccessKeyId.NotFound', 'Specified access key is not found.');
  return secret;
}

function requireFresh(date: string, now: number): void {
  const at = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(date) ? Date.parse(date) : NaN;
  if (Number.isNaN(at))
    throw new EcsError(
      400,
      'InvalidTimeStamp.Format',
      'Specified time stamp or date value is not well formatted.',
    );
  if (Math.abs(at - now) > SIGNATURE_WINDOW_MS)
    throw new EcsError(400, 'InvalidTimeStamp.Expired', 'Specified time stamp or date value is expired.');
}

function requireEqual(got: string, wanted: string, stringToSign: string): void {
  if (sameText(got, wanted)) return;
  throw new EcsError(
    400,
    'SignatureDoesNotMatch',
    `Specified signature is not matched with our calculation. server string to sign is:${stringToSign}`,
  );
}

function verifyV3(
  request: RawRequest,
  authorization: string,
  secretOf: SecretOf,
  now: number,
  unknownKeyStatus: 404 | 400,
): Verified {
  const [algorithm = '', ...rest] = authorization.trim().split(' ');
  if (algorithm !== ALGORITHM)
    throw new EcsError(400, 'InvalidSignatureMethod', 'Specified signature method is not valid.');
  const parts = new Map(
    rest
      .join(' ')
      .split(',')
      .map((part) => {
        const cut = part.indexOf('=');
        return [part.slice(0, cut).trim(), part.slice(cut + 1).trim()];
      }),
  );
  const accessKeyId = parts.get('Credential') ?? '';
  const signedHeaders = parts.get('SignedHeaders') ?? '';
  const names = signedHeaders.split(';');
  if (!accessKeyId)
    throw new EcsError(400, 'MissingAccessKeyId', 'AccessKeyId is mandatory for this action.');
  const secret = requireSecret(accessKeyId, secretOf, unknownKeyStatus);
  for (const name of MINIMUM_SIGNED)
    if (!names.includes(name) || header(request, name) === undefined)
      throw incomplete(`${name} must be signed.`);
  const date = header(request, 'x-acs-date') ?? '';
  requireFresh(date, now);
  const payload = sha256(request.body);
  requireEqual(header(request, 'x-acs-content-sha256') ?? '', payload, payload);
  const canonicalHeaders = names.map((name) => `${name}:${canonicalHeader(request, name)}\n`).join('');
  const query = canonicalQuery(formPairs(request.query));
  const canonical = [
    request.method,
    request.path || '/',
    query,
    canonicalHeaders,
    signedHeaders,
    payload,
  ].join('\n');
  const stringToSign = `${ALGORITHM}\n${sha256(canonical)}`;
  const wanted = createHmac('sha256', secret).update(stringToSign).digest('hex');
  requireEqual(parts.get('Signature') ?? '', wanted, stringToSign);
  return {
    scheme: 'V3',
    accessKeyId,
    nonce: header(request, 'x-acs-signature-nonce') ?? '',
    securityToken: header(request, 'x-acs-security-token'),
  };
}

function canonicalHeader(request: RawRequest, name: string): string {
  const values = request.headers.get(name);
  if (!values) throw incomplete(`${name} is signed but absent.`);
  return values
    .map((value) => value.trim())
    .sort()
    .join(',');
}

function verifyV1(
  request: RawRequest,
  secretOf: SecretOf,
  now: number,
  unknownKeyStatus: 404 | 400,
): Verified {
  // A name in the query and in the form body is one parameter, and it is the body's: clients sign it once.
  const values = new Map(allPairs(request));
  const need = (name: string): string => {
    const value = values.get(name);
    if (!value) throw new EcsError(400, `Missing${name}`, `${name} is mandatory for this action.`);
    return value;
  };
  const accessKeyId = need('AccessKeyId');
  const secret = requireSecret(accessKeyId, secretOf, unknownKeyStatus);
  const signature = values.get('Signature');
  if (!signature) throw incomplete('Signature is absent.');
  if (need('SignatureMethod') !== 'HMAC-SHA1' || !['', undefined].includes(values.get('SignatureType')))
    throw new EcsError(400, 'InvalidSignatureMethod', 'Specified signature method is not valid.');
  if (need('SignatureVersion') !== '1.0') throw incomplete('SignatureVersion must be 1.0.');
  requireFresh(need('Timestamp'), now);
  const nonce = need('SignatureNonce');
  const signed = [...values].filter(([name]) => name !== 'Signature');
  const stringToSign = `${request.method}&${encode('/')}&${encode(canonicalQuery(signed))}`;
  const wanted = createHmac('sha1', `${secret}&`).update(stringToSign).digest('base64');
  requireEqual(signature, wanted, stringToSign);
  return { scheme: 'V1', accessKeyId, nonce, securityToken: values.get('SecurityToken') };
}
