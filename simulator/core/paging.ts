/**
 * Both paging styles. The rule: a token is opaque, signed by this run and bound to the action and its filters;
 * page number and token never mix.
 */
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { ErrorSpec } from './errors';
import { errors } from './errors';
import { number, text } from './schema';

/** How an action pages. */
export interface PageLimits {
  readonly defaultSize: number;
  readonly max: number;
  /** The least MaxResults; smaller ones are raised. PageSize may always be 1. */
  readonly minResults?: number;
  /** A size out of range is clamped unless an error is declared. */
  readonly badSize?: ErrorSpec;
  readonly badNumber?: ErrorSpec;
  /** The answer in token mode; some actions give no total there. */
  readonly tokenTotal?: 'count' | 'zero';
}

/** What a caller says about pages. */
export interface PageParams {
  readonly PageNumber?: number | undefined;
  readonly PageSize?: number | undefined;
  readonly MaxResults?: number | undefined;
  readonly NextToken?: string | undefined;
}

/** One page, with the fields of the answer. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly fields: Readonly<Record<string, unknown>>;
}

/** How far the pages after the first are out of place (a fault). */
export interface PageDisorder {
  readonly shift: number;
  readonly repeatToken: boolean;
}

/** The declared paging parameters of an action. Spread into its `params`. */
export function pageParams(limits: PageLimits): {
  PageNumber: ReturnType<typeof number>;
  PageSize: ReturnType<typeof number>;
  MaxResults: ReturnType<typeof number>;
  NextToken: ReturnType<typeof text>;
} {
  const size = limits.badSize ? { min: 1, max: limits.max, bad: limits.badSize } : {};
  return {
    PageNumber: number(limits.badNumber ? { min: 1, bad: limits.badNumber } : {}),
    PageSize: number(size),
    MaxResults: number(limits.badSize ? { min: 1, bad: limits.badSize } : {}),
    NextToken: text(),
  };
}

/** The key with which this run signs its tokens. */
export function newTokenKey(): Buffer {
  return randomBytes(32);
}

const PAGING = new Set(['PageNumber', 'PageSize', 'MaxResults', 'NextToken']);

/** What a token is bound to: the action and every parameter that is not about paging. */
export function queryIdentity(action: string, raw: ReadonlyMap<string, string>): string {
  const filters = [...raw].filter(([name]) => !PAGING.has(name)).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256')
    .update(JSON.stringify([action, filters]))
    .digest('base64url');
}

/** The call whose answer is paged. */
export interface PageCall {
  readonly identity: string;
  readonly key: Buffer;
  readonly disorder: PageDisorder;
  readonly lastToken: 'empty' | 'absent';
  /** The code of a token that is not one of this query's. */
  readonly badToken: string;
}

/** Cuts one page out of all rows. `orderOf` rises along the rows, so that a token survives changes between pages. */
export function paginate<T>(
  rows: readonly T[],
  orderOf: (row: T) => number,
  params: PageParams,
  limits: PageLimits,
  call: PageCall,
): Page<T> {
  const tokenMode = params.MaxResults !== undefined || params.NextToken !== undefined;
  return tokenMode ? tokenPage(rows, orderOf, params, limits, call) : numberPage(rows, params, limits, call);
}

function numberPage<T>(
  rows: readonly T[],
  params: PageParams,
  limits: PageLimits,
  { disorder, lastToken }: PageCall,
): Page<T> {
  const size = clamp(params.PageSize ?? limits.defaultSize, 1, limits.max);
  const page = Math.max(1, params.PageNumber ?? 1);
  const start = Math.max(0, (page - 1) * size + (page > 1 ? disorder.shift : 0));
  const fields: Record<string, unknown> = { PageNumber: page, PageSize: size, TotalCount: rows.length };
  // Actions that know tokens have the field in both styles.
  if ('NextToken' in params && lastToken === 'empty') fields['NextToken'] = '';
  return { items: rows.slice(start, start + size), fields };
}

function tokenPage<T>(
  rows: readonly T[],
  orderOf: (row: T) => number,
  params: PageParams,
  limits: PageLimits,
  call: PageCall,
): Page<T> {
  const size = clamp(params.MaxResults ?? limits.defaultSize, limits.minResults ?? 1, limits.max);
  let start = 0;
  if (params.NextToken !== undefined) {
    const after = readToken(params.NextToken, call);
    const index = rows.findIndex((row) => orderOf(row) > after);
    start = Math.max(0, (index < 0 ? rows.length : index) + call.disorder.shift);
  }
  const items = rows.slice(start, start + size);
  const last = items.at(-1);
  const more = last !== undefined && start + size < rows.length;
  const next = more ? writeToken(orderOf(last), call) : '';
  const token = call.disorder.repeatToken && params.NextToken !== undefined ? params.NextToken : next;
  const total = limits.tokenTotal === 'zero' ? 0 : rows.length;
  const fields: Record<string, unknown> = { PageNumber: 1, PageSize: size, TotalCount: total };
  if (token !== '' || call.lastToken === 'empty') fields['NextToken'] = token;
  return { items, fields };
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, least), most);
}

function mac(payload: string, call: PageCall): Buffer {
  return createHmac('sha256', call.key).update(`${call.identity}\n${payload}`).digest().subarray(0, 16);
}

function writeToken(order: number, call: PageCall): string {
  const payload = order.toString(36);
  return Buffer.concat([mac(payload, call), Buffer.from(payload)]).toString('base64url');
}

function readToken(token: string, call: PageCall): number {
  const bytes = Buffer.from(token, 'base64url');
  if (bytes.length < 17) throw errors.invalidNextToken(call.badToken);
  const payload = bytes.subarray(16).toString();
  if (!timingSafeEqual(bytes.subarray(0, 16), mac(payload, call)))
    throw errors.invalidNextToken(call.badToken);
  return parseInt(payload, 36);
}
