/**
 * What was really called and what really happened: the oracle of tests and benchmarks.
 * The rule: every call and every effect is written here, secrets never are.
 */

/** A call as it was answered. `code` is `OK` or the error code the client saw. */
export interface CallRecord {
  readonly seq: number;
  readonly kind: 'call';
  readonly time: number;
  readonly action: string;
  readonly regionId: string;
  readonly params: Readonly<Record<string, string>>;
  readonly requestId: string;
  readonly accessKeyId: string;
  readonly httpStatus: number;
  readonly code: string;
  readonly clientToken?: string;
  readonly unknownParameters?: readonly string[];
  readonly faults?: readonly string[];
}

/** Something that happened to a resource, with the call that caused it where there was one. */
export interface EffectRecord {
  readonly seq: number;
  readonly kind: 'effect';
  readonly time: number;
  readonly effect: string;
  readonly regionId: string;
  readonly resourceId: string;
  readonly requestId?: string;
  readonly detail?: Readonly<Record<string, unknown>>;
}

/** One line of the ledger. */
export type LedgerRecord = CallRecord | EffectRecord;

/** Which lines to read; all given conditions hold together. */
export interface LedgerQuery {
  readonly kind?: 'call' | 'effect';
  readonly action?: string;
  readonly effect?: string;
  readonly code?: string;
  readonly resourceId?: string;
  readonly regionId?: string;
  readonly requestId?: string;
  readonly clientToken?: string;
  /** Lines after this sequence number. */
  readonly after?: number;
  /** Lines after the mark of this name. */
  readonly sinceMark?: string;
  readonly limit?: number;
}

/** Totals since the last reset; they do not shrink when old lines are dropped. */
export interface LedgerCounts {
  readonly calls: Readonly<Record<string, number>>;
  readonly effects: Readonly<Record<string, number>>;
  readonly codes: Readonly<Record<string, number>>;
  readonly unknownParameters: Readonly<Record<string, number>>;
  readonly dropped: number;
  readonly lastSeq: number;
}

const SECRET = /password|secret|securitytoken|signature|accesskeyid/i;
/** Long enough for a hundred instance ids. */
const LONGEST_VALUE = 4096;

/** The values of a call as they may be kept: secrets masked, long texts cut. */
export function presentable(params: ReadonlyMap<string, string>): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of params) {
    if (SECRET.test(name)) kept[name] = '***';
    else
      kept[name] =
        value.length > LONGEST_VALUE ? `${value.slice(0, LONGEST_VALUE)}…(${value.length})` : value;
  }
  return kept;
}

/** The ledger of one simulator; keeps the newest `limit` lines. */
export class Ledger {
  private records: LedgerRecord[] = [];
  private seq = 0;
  private dropped = 0;
  private readonly marks = new Map<string, number>();
  private calls = new Map<string, number>();
  private effects = new Map<string, number>();
  private codes = new Map<string, number>();
  private unknown = new Map<string, number>();

  /** Hears of every line; the state file keeps them. */
  onRecord: ((record: LedgerRecord) => void) | undefined;

  constructor(readonly limit: number) {}

  /** Writes a call. */
  call(record: Omit<CallRecord, 'seq' | 'kind'>): void {
    this.countCall(record);
    this.append({ ...record, seq: ++this.seq, kind: 'call' });
  }

  /** Writes an effect. */
  effect(record: Omit<EffectRecord, 'seq' | 'kind'>): void {
    count(this.effects, record.effect);
    this.append({ ...record, seq: ++this.seq, kind: 'effect' });
  }

  /** Remembers this moment under a name. */
  mark(name: string): number {
    this.marks.set(name, this.seq);
    return this.seq;
  }

  /** The lines that fit, oldest first. */
  query(query: LedgerQuery = {}): LedgerRecord[] {
    const mark = query.sinceMark === undefined ? 0 : (this.marks.get(query.sinceMark) ?? 0);
    const after = Math.max(query.after ?? 0, mark);
    const found = this.records.filter((record) => record.seq > after && fits(record, query));
    return query.limit === undefined ? found : found.slice(0, query.limit);
  }

  /** Totals since the last reset. */
  counts(): LedgerCounts {
    return {
      calls: Object.fromEntries(this.calls),
      effects: Object.fromEntries(this.effects),
      codes: Object.fromEntries(this.codes),
      unknownParameters: Object.fromEntries(this.unknown),
      dropped: this.dropped,
      lastSeq: this.seq,
    };
  }

  /** Forgets all lines, totals and marks; sequence numbers go on. */
  reset(): void {
    this.records = [];
    this.dropped = 0;
    for (const map of [this.marks, this.calls, this.effects, this.codes, this.unknown]) map.clear();
  }

  /** Takes up lines that an earlier run wrote. */
  restore(records: readonly LedgerRecord[]): void {
    for (const record of records) {
      if (record.kind === 'call') this.countCall(record);
      else count(this.effects, record.effect);
      this.records.push(record);
      this.seq = Math.max(this.seq, record.seq);
    }
  }

  private countCall(record: Omit<CallRecord, 'seq' | 'kind'>): void {
    count(this.calls, record.action);
    count(this.codes, record.code);
    for (const name of record.unknownParameters ?? []) count(this.unknown, `${record.action}.${name}`);
  }

  private append(record: LedgerRecord): void {
    this.records.push(record);
    this.onRecord?.(record);
    // Cutting in large steps keeps an append cheap.
    if (this.records.length < this.limit * 1.25 + 16) return;
    this.dropped += this.records.length - this.limit;
    this.records = this.records.slice(-this.limit);
  }
}

function count(map: Map<string, number>, key: string): void {
  map.set(key, (map.get(key) ?? 0) + 1);
}

function fits(record: LedgerRecord, query: LedgerQuery): boolean {
  if (query.kind !== undefined && record.kind !== query.kind) return false;
  if (query.regionId !== undefined && record.regionId !== query.regionId) return false;
  if (query.requestId !== undefined && record.requestId !== query.requestId) return false;
  if (record.kind === 'call') {
    if (query.effect !== undefined || query.resourceId !== undefined) return false;
    if (query.action !== undefined && record.action !== query.action) return false;
    if (query.clientToken !== undefined && record.clientToken !== query.clientToken) return false;
    return query.code === undefined || record.code === query.code;
  }
  if (query.action !== undefined || query.code !== undefined || query.clientToken !== undefined) return false;
  if (query.effect !== undefined && record.effect !== query.effect) return false;
  return query.resourceId === undefined || record.resourceId === query.resourceId;
}
