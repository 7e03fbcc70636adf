/**
 * The gate of a region: which of our operations may hold which instance, and how many of a group at once. Names, ids
 * and payloads, and the decisions as pure functions.
 *
 * The one rule: a request gets its whole set of keys at once or waits, in the order of arrival; none overtakes an
 * earlier one that wants a key of it. Only a pre-emption is served out of turn, by taking keys from who holds them.
 */

export const GATE = 'gate';

/** Signals to the gate: GateRequest, and `{ requestId }`. */
export const GATE_SIGNALS = { request: 'gateRequest', release: 'gateRelease' } as const;

/** Signal from the gate to who asked; argument GateAnswer. */
export const GATE_ANSWER_SIGNAL = 'gateAnswer';

/** One gate a region: started under another id it would be a second one. */
export function gateIdOf(account: string, region: string): string {
  return `gate/${account}/${region}`;
}

export type GatePurpose = 'reboot' | 'relaunch' | 'start' | 'stop' | 'run';

/** Something at most `limit` holders may hold at once. */
export interface GateKey {
  key: string;
  limit: number;
}

/** One disruptive operation an instance. */
export function instanceGateKey(instanceId: string): GateKey {
  return { key: `instance/${instanceId}`, limit: 1 };
}

/** At most `limit` operations of the instances that have this value of a tag. */
export function groupGateKey(tagKey: string, value: string, limit: number): GateKey {
  return { key: `group/${tagKey}=${value}`, limit };
}

/** One workflow asking for a set of keys. Plain JSON: it is signalled and carried over continue-as-new. */
export interface GateRequest {
  requestId: string;
  /** Workflow id of who asks; it is told under it, whichever run it is in. */
  holder: string;
  /** The run that asked: tells a holder that continued as new from another one under the same id. */
  runId: string;
  purpose: GatePurpose;
  keys: string[];
  /** Of the keys whose limit is not 1. */
  limits?: Record<string, number>;
  preempt?: boolean;
  /** Epoch milliseconds by the clock of who asks. */
  askedAt: number;
}

export interface GateHolding extends GateRequest {
  /** Different for every grant of this gate, ascending. */
  generation: number;
  grantedAt: number;
}

/** What the last look at holders found; shown to people. */
interface GateLook {
  at: string;
  looked: number;
  closed: number;
  error?: string;
}

/** The whole state of `gate`; also its input, so that continuing as new loses nothing. */
export interface GateState {
  region: string;
  held: GateHolding[];
  /** In the order in which they are served. */
  waiting: GateRequest[];
  /** Of the last grant. */
  generation: number;
  lastLook?: GateLook;
  /** Requests turned away because the gate was full; who asks asks again. */
  turnedAway?: number;
  /** Taken from a gate that had ended: its holders are told again, so that one that had gone on says so. */
  revived?: boolean;
  /** Looks of one run before it continues as new; absent: when the server suggests it. For tests. */
  looksPerRun?: number;
}

/** What the gate tells who asked. May come more than once. */
export interface GateAnswer {
  holder: string;
  requestId: string;
  kind: 'granted' | 'preempted';
  generation: number;
  /** For `preempted`: the workflow that took the keys, and which. */
  by?: string;
  keys?: string[];
}

/** A new state, and what to tell whom. */
export interface GateStep {
  state: GateState;
  answers: GateAnswer[];
}

/** Keys one request may carry. */
export const MAX_GATE_KEYS = 1_000;
/** Keys held and waited for in one gate: its state is a workflow input, at most 2 MB. */
export const MAX_KEYS_OF_GATE = 30_000;

export function freshGateState(region: string): GateState {
  return { region, held: [], waiting: [], generation: 0 };
}

/** Somebody asks. Asked again, it gets the same answer again; a new request of a workflow replaces its older one. */
export function ask(state: GateState, request: GateRequest, now: number): GateStep {
  const held = state.held.find(({ requestId }) => requestId === request.requestId);
  if (held) return { state, answers: [grantOf(held)] };
  if (state.waiting.some(({ requestId }) => requestId === request.requestId)) return { state, answers: [] };
  const ofHolder = [...state.held, ...state.waiting].filter(({ holder }) => holder === request.holder);
  if (ofHolder.some(({ askedAt }) => askedAt > request.askedAt)) return { state, answers: [] };
  const left = without(state, new Set(ofHolder.map(({ requestId }) => requestId)));
  if (!request.preempt && keysOf(left) + request.keys.length > MAX_KEYS_OF_GATE)
    return settle({ ...left, turnedAway: (left.turnedAway ?? 0) + 1 }, now);
  const place = request.preempt ? left.waiting.filter(({ preempt }) => preempt).length : left.waiting.length;
  return settle({ ...left, waiting: left.waiting.toSpliced(place, 0, request) }, now);
}

/** A holder is done, or somebody no longer wants to wait. What is not known is done already. */
export function release(state: GateState, requestIds: readonly string[], now: number): GateStep {
  return settle(without(state, new Set(requestIds)), now);
}

/** What to tell every holder again. */
export function grantsOf(state: GateState): GateAnswer[] {
  return state.held.map(grantOf);
}

/** Grants what can be granted, in order. */
function settle(state: GateState, now: number): GateStep {
  if (state.waiting.length === 0) return { state, answers: [] };
  const table = new Table(state.held);
  const answers: GateAnswer[] = [];
  const waiting: GateRequest[] = [];
  const wanted = new Set<string>();
  let { generation } = state;
  for (const request of state.waiting) {
    const first = request.keys.every((key) => !wanted.has(key));
    if (first && (table.fits(request) || (request.preempt === true && table.fitsByForce(request)))) {
      answers.push(...table.makeRoom(request));
      const holding: GateHolding = { ...request, generation: (generation += 1), grantedAt: now };
      table.add(holding);
      answers.push(grantOf(holding));
    } else {
      waiting.push(request);
      for (const key of request.keys) wanted.add(key);
    }
  }
  return { state: { ...state, held: table.held(), waiting, generation }, answers };
}

/** Who holds what, while grants are decided. */
class Table {
  private readonly holdings: Map<string, GateHolding>;
  private readonly byKey = new Map<string, GateHolding[]>();

  constructor(held: readonly GateHolding[]) {
    this.holdings = new Map(held.map((holding) => [holding.requestId, holding]));
    for (const holding of held) this.index(holding);
  }

  held(): GateHolding[] {
    return [...this.holdings.values()];
  }

  add(holding: GateHolding): void {
    this.holdings.set(holding.requestId, holding);
    this.index(holding);
  }

  /** Every key has room, by the request's own limit and by those its holders were promised. */
  fits(request: GateRequest): boolean {
    return request.keys.every((key) => this.over(key, request, this.holdersOf(key)) <= 0);
  }

  /** It would fit if everybody stepped aside who did not pre-empt himself. */
  fitsByForce(request: GateRequest): boolean {
    return request.keys.every((key) => {
      const staying = this.holdersOf(key).filter(({ preempt }) => preempt);
      return this.over(key, request, staying) <= 0;
    });
  }

  /** Takes keys from their newest holders until the request fits. @returns what to tell them */
  makeRoom(request: GateRequest): GateAnswer[] {
    const taken = new Map<string, string[]>();
    for (const key of request.keys) {
      const holders = this.holdersOf(key);
      const yielding = holders.filter(({ preempt }) => !preempt).sort((a, b) => b.generation - a.generation);
      let staying = holders;
      while (this.over(key, request, staying) > 0) {
        const next = yielding.shift();
        if (!next) break;
        staying = staying.filter(({ requestId }) => requestId !== next.requestId);
        taken.set(next.requestId, [...(taken.get(next.requestId) ?? []), key]);
      }
    }
    return [...taken].map(([requestId, keys]) => this.take(requestId, keys, request.holder));
  }

  private take(requestId: string, keys: string[], by: string): GateAnswer {
    const holding = this.holdings.get(requestId) as GateHolding;
    for (const key of keys) {
      const others = this.holdersOf(key).filter((each) => each.requestId !== requestId);
      this.byKey.set(key, others);
    }
    const left = holding.keys.filter((key) => !keys.includes(key));
    // What is in `byKey` beside this one is found by its requestId, so the old object may stay there.
    if (left.length === 0) this.holdings.delete(requestId);
    else this.holdings.set(requestId, { ...holding, keys: left });
    const { holder, generation } = holding;
    return { holder, requestId, kind: 'preempted', generation, by, keys };
  }

  /** By how many a key would be held too often with this request beside these holders. */
  private over(key: string, request: GateRequest, holders: readonly GateHolding[]): number {
    const limit = Math.min(limitOf(request, key), ...holders.map((holder) => limitOf(holder, key)));
    return holders.length + 1 - limit;
  }

  private holdersOf(key: string): GateHolding[] {
    return this.byKey.get(key) ?? [];
  }

  private index(holding: GateHolding): void {
    for (const key of holding.keys) {
      const holders = this.byKey.get(key);
      if (holders) holders.push(holding);
      else this.byKey.set(key, [holding]);
    }
  }
}

/** How many may hold `key` at once as this request was told. */
export function limitOf({ limits }: GateRequest, key: string): number {
  return (limits && Object.hasOwn(limits, key) ? limits[key] : undefined) ?? 1;
}

function without(state: GateState, requestIds: ReadonlySet<string>): GateState {
  const stays = ({ requestId }: GateRequest): boolean => !requestIds.has(requestId);
  return { ...state, held: state.held.filter(stays), waiting: state.waiting.filter(stays) };
}

function keysOf({ held, waiting }: GateState): number {
  return [...held, ...waiting].reduce((sum, { keys }) => sum + keys.length, 0);
}

function grantOf({ holder, requestId, generation }: GateHolding): GateAnswer {
  return { holder, requestId, kind: 'granted', generation };
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** A signal may come from anybody: what is not a request is no request. */
export function isGateRequest(value: unknown): value is GateRequest {
  if (typeof value !== 'object' || value === null) return false;
  const { requestId, holder, runId, purpose, keys, limits, askedAt } = value as Partial<GateRequest>;
  const texts = [requestId, holder, purpose].every((text) => typeof text === 'string' && text !== '');
  const isRun = typeof runId === 'string' && UUID.test(runId);
  const keysAreTexts =
    Array.isArray(keys) &&
    keys.length > 0 &&
    keys.length <= MAX_GATE_KEYS &&
    new Set(keys).size === keys.length &&
    keys.every((key) => typeof key === 'string' && key !== '');
  const limitsAreNumbers =
    limits === undefined ||
    (typeof limits === 'object' &&
      limits !== null &&
      Object.values(limits).every((limit) => Number.isInteger(limit) && limit >= 1));
  return texts && isRun && keysAreTexts && limitsAreNumbers && typeof askedAt === 'number';
}
