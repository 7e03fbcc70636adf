import fc from 'fast-check';
import {
  MAX_GATE_KEYS,
  MAX_KEYS_OF_GATE,
  ask,
  freshGateState,
  grantsOf,
  groupGateKey,
  instanceGateKey,
  isGateRequest,
  limitOf,
  release,
} from '../../src/domain/gate';
import type { GateAnswer, GateKey, GateRequest, GateState, GateStep } from '../../src/domain/gate';

const RUN_ID = '11111111-2222-4333-8444-555555555555';

function request(holder: string, keys: GateKey[], over: Partial<GateRequest> = {}): GateRequest {
  const limits = Object.fromEntries(keys.map(({ key, limit }) => [key, limit]));
  return {
    requestId: `${holder}#1`,
    holder,
    runId: RUN_ID,
    purpose: 'reboot',
    keys: keys.map(({ key }) => key),
    limits,
    askedAt: 0,
    ...over,
  };
}

const A = instanceGateKey('i-a');
const B = instanceGateKey('i-b');
const C = instanceGateKey('i-c');

/** Asks one after the other; who holds and who waits, and everything that was said. */
function after(...requests: GateRequest[]): GateStep & { held: string[]; waiting: string[] } {
  const all: GateAnswer[] = [];
  const state = requests.reduce((before, each) => {
    const step = ask(before, each, 0);
    all.push(...step.answers);
    return step.state;
  }, freshGateState('cn-hangzhou'));
  return { state, answers: all, held: names(state.held), waiting: names(state.waiting) };
}

const names = (requests: readonly GateRequest[]): string[] => requests.map(({ holder }) => holder);

describe('first come, first served', () => {
  it('nobody overtakes an earlier request that wants a key of his, though his keys are free', () => {
    const { held, waiting, state } = after(request('x', [A]), request('y', [A, B]), request('z', [B]));
    expect({ held, waiting }).toEqual({ held: ['x'], waiting: ['y', 'z'] });
    const next = release(state, ['x#1'], 1);
    expect(names(next.state.held)).toEqual(['y']);
    expect(names(release(next.state, ['y#1'], 2).state.held)).toEqual(['z']);
  });

  it('disjoint sets go at once', () => {
    expect(after(request('x', [A]), request('y', [A]), request('z', [C])).held).toEqual(['x', 'z']);
  });

  it('who gives up in the middle lets those behind him through', () => {
    const { state } = after(request('x', [A]), request('y', [A, B]), request('z', [B]));
    expect(names(release(state, ['y#1'], 1).state.held)).toEqual(['x', 'z']);
  });

  it('a group is held as often as the strictest of those concerned says', () => {
    const two = groupGateKey('role', 'db', 2);
    const one = groupGateKey('role', 'db', 1);
    expect(after(request('x', [two]), request('y', [two]), request('z', [two])).held).toEqual(['x', 'y']);
    expect(after(request('x', [two]), request('y', [one])).held).toEqual(['x']);
    expect(after(request('x', [one]), request('y', [two])).held).toEqual(['x']);
  });
});

describe('asking again', () => {
  it('who holds is told again; who waits keeps his place', () => {
    const x = request('x', [A]);
    const y = request('y', [A]);
    const { answers, held, waiting } = after(x, y, request('z', [A]), y, x);
    expect({ held, waiting }).toEqual({ held: ['x'], waiting: ['y', 'z'] });
    expect(answers.map(({ holder, generation }) => [holder, generation])).toEqual([
      ['x', 1],
      ['x', 1],
    ]);
  });

  it('a new request of a workflow replaces its older one, and an older one comes too late', () => {
    const later = request('x', [B], { requestId: 'x#2', askedAt: 5 });
    const { state } = after(request('x', [A]), later, request('x', [A]));
    expect(state.held.map(({ requestId }) => requestId)).toEqual(['x#2']);
  });

  it('a release of what is not known changes nothing', () => {
    const { state } = after(request('x', [A]));
    expect(release(state, ['nobody'], 1)).toEqual({ state, answers: [] });
  });

  it('a gate that was revived tells its holders again', () => {
    const { state } = after(request('x', [A]), request('y', [A]));
    expect(grantsOf(state).map(({ holder }) => holder)).toEqual(['x']);
  });
});

describe('pre-emption', () => {
  it('takes only the keys it needs, tells who held them, and goes before everybody who waits', () => {
    const rescue = request('rescue', [A], { preempt: true });
    const { held, waiting, answers, state } = after(request('x', [A, B]), request('y', [A]), rescue);
    expect({ held, waiting }).toEqual({ held: ['x', 'rescue'], waiting: ['y'] });
    expect(state.held[0]?.keys).toEqual([B.key]);
    expect(answers.find(({ kind }) => kind === 'preempted')).toMatchObject({
      holder: 'x',
      by: 'rescue',
      keys: [A.key],
    });
  });

  it('of a group takes no more places than it needs, the newest first', () => {
    const group = groupGateKey('role', 'db', 2);
    const rescue = request('rescue', [group], { preempt: true });
    const { held } = after(request('x', [group]), request('y', [group]), rescue);
    expect(held).toEqual(['x', 'rescue']);
  });

  it('does not take from another pre-emption, and is next after it', () => {
    const first = request('first', [A], { preempt: true });
    const second = request('second', [A], { preempt: true });
    const { held, waiting, state } = after(first, request('y', [A]), second);
    expect({ held, waiting }).toEqual({ held: ['first'], waiting: ['second', 'y'] });
    expect(names(release(state, ['first#1'], 1).state.held)).toEqual(['second']);
  });
});

describe('what is signalled', () => {
  it('is a request only if all of it is', () => {
    const good = request('x', [A, B]);
    expect(isGateRequest(good)).toBe(true);
    const bad: object[] = [
      { ...good, keys: [] },
      { ...good, keys: [A.key, A.key] },
      { ...good, keys: Array.from({ length: MAX_GATE_KEYS + 1 }, (_, index) => `k${index}`) },
      { ...good, limits: { [A.key]: 0 } },
      { ...good, runId: 'no-run' },
      { ...good, askedAt: 'today' },
      { ...good, holder: '' },
    ];
    expect([null, 'x', ...bad].filter(isGateRequest)).toEqual([]);
  });

  it('beyond what the state can carry is turned away, a pre-emption is not', () => {
    const many = (holder: string, over?: Partial<GateRequest>): GateRequest =>
      request(
        holder,
        Array.from({ length: MAX_GATE_KEYS }, (_, index) => instanceGateKey(`${holder}.${index}`)),
        over,
      );
    const full = Array.from({ length: MAX_KEYS_OF_GATE / MAX_GATE_KEYS }, (_, index) => many(`h${index}`));
    const { state, held } = after(...full, many('late'), many('rescue', { preempt: true }));
    expect(held).toHaveLength(full.length + 1);
    expect(held.at(-1)).toBe('rescue');
    expect(state).toMatchObject({ turnedAway: 1, waiting: [] });
  });
});

// --- over random schedules ---

type Move =
  | { kind: 'ask'; holder: number; keys: number[]; limit: number; preempt: boolean }
  | { kind: 'again' | 'release' | 'close'; of: number }
  | { kind: 'restart' };

const move: fc.Arbitrary<Move> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('ask' as const),
      holder: fc.nat(11),
      keys: fc.uniqueArray(fc.nat(7), { minLength: 1, maxLength: 4 }),
      limit: fc.integer({ min: 1, max: 3 }),
      preempt: fc.boolean(),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constantFrom('again' as const, 'release' as const, 'release' as const, 'close' as const),
      of: fc.nat(40),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'restart' as const }) },
);

/** Six instances, and two groups whose limit varies from request to request. */
const keyOf = (index: number, limit: number): GateKey =>
  index < 6 ? instanceGateKey(`i-${index}`) : groupGateKey('role', `${index}`, limit);

/** As `expect`, for what is checked some hundred thousand times. */
function ensure(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
}

const same = (left: readonly string[] = [], right: readonly string[] = []): boolean =>
  left.join() === right.join();

/** The gate under a schedule, and what each request knows of itself. */
class Model {
  state: GateState = freshGateState('cn-hangzhou');
  readonly asked: GateRequest[] = [];
  /** Keys each live request believes it holds; what it was told and nothing else. */
  private readonly believes = new Map<string, Set<string>>();
  private readonly ended = new Set<string>();

  play(next: Move, now: number): void {
    if (next.kind === 'restart') {
      // As when a gate is terminated and the next one takes over: the state as JSON, and every grant told again.
      this.state = JSON.parse(JSON.stringify(this.state)) as GateState;
      return this.hear(grantsOf(this.state));
    }
    const live = this.asked.filter(({ requestId }) => !this.ended.has(requestId));
    if (next.kind === 'ask') return this.askAnew(next, now);
    const chosen = live[next.of % Math.max(1, live.length)];
    if (!chosen) return;
    // Whoever has been told that he holds asks no more.
    const told = this.believes.has(chosen.requestId);
    if (next.kind === 'again') return told ? undefined : this.step(ask(this.state, chosen, now));
    this.end(chosen.requestId);
    this.step(release(this.state, [chosen.requestId], now));
  }

  private askAnew({ holder, keys, limit, preempt }: Extract<Move, { kind: 'ask' }>, now: number): void {
    const name = `w${holder}`;
    for (const old of this.asked) if (old.holder === name) this.end(old.requestId);
    const chosen = keys.map((index) => keyOf(index, limit));
    const made = request(name, chosen, {
      requestId: `r${this.asked.length}`,
      askedAt: now,
      preempt: preempt && holder < 3,
    });
    this.asked.push(made);
    this.step(ask(this.state, made, now));
  }

  private end(requestId: string): void {
    this.ended.add(requestId);
    this.believes.delete(requestId);
  }

  private step({ state, answers }: GateStep): void {
    const before = this.state;
    this.state = state;
    this.hear(answers);
    this.checkOrder(before, answers);
  }

  private hear(answers: GateAnswer[]): void {
    for (const { requestId, kind, keys = [] } of answers) {
      const made = this.asked.find((each) => each.requestId === requestId);
      ensure(made !== undefined, `an answer to ${requestId}, which nobody asked`);
      ensure(!this.ended.has(requestId), `an answer to ${requestId}, which has ended`);
      const held = this.state.held.find((each) => each.requestId === requestId);
      if (kind === 'granted' && !this.believes.has(requestId)) {
        // Atomic: the whole set or nothing.
        ensure(same(held?.keys, made?.keys), `${requestId} was granted ${held?.keys.join()}`);
        this.believes.set(requestId, new Set(made?.keys));
      }
      if (kind === 'preempted') for (const key of keys) this.believes.get(requestId)?.delete(key);
    }
  }

  /** Nobody granted now overtook an earlier one, who wants a key of his and still waits. */
  private checkOrder(before: GateState, answers: GateAnswer[]): void {
    for (const { requestId, kind } of answers) {
      const mine = before.waiting.findIndex((each) => each.requestId === requestId);
      const made = this.asked.find((each) => each.requestId === requestId);
      if (kind !== 'granted' || made?.preempt || before.held.some((each) => each.requestId === requestId))
        continue;
      const earlier = mine < 0 ? before.waiting : before.waiting.slice(0, mine);
      const overtaken = earlier
        .filter((each) => this.state.waiting.some(({ requestId: id }) => id === each.requestId))
        .filter((each) => each.keys.some((key) => made?.keys.includes(key)));
      ensure(
        overtaken.length === 0,
        `${requestId} overtook ${overtaken.map((each) => each.requestId).join()}`,
      );
    }
  }

  check(): void {
    const { held, waiting } = this.state;
    // Mutual exclusion, by what everybody was told.
    for (const index of Array.from({ length: 8 }, (_, each) => each)) {
      const { key } = keyOf(index, 1);
      const holders = [...this.believes].filter(([, keys]) => keys.has(key)).map(([id]) => id);
      const limits = holders.map((id) =>
        limitOf(this.asked.find((each) => each.requestId === id) as GateRequest, key),
      );
      ensure(holders.length <= Math.min(Infinity, ...limits), `${key} is held by ${holders.join()}`);
    }
    // Conservation: what is live is in one place, what ended in none, and all believe what the gate believes.
    const live = this.asked
      .filter(({ requestId }) => !this.ended.has(requestId))
      .map(({ requestId }) => requestId);
    const places = [...held, ...waiting].map(({ requestId }) => requestId);
    ensure(new Set(places).size === places.length, 'somebody is in two places');
    ensure(
      places.every((id) => live.includes(id)),
      'somebody who has ended is still there',
    );
    for (const id of live) {
      const keys = held.find((each) => each.requestId === id)?.keys ?? [];
      ensure(same([...(this.believes.get(id) ?? [])], keys), `${id} holds ${keys.join()} and does not know`);
      ensure(places.includes(id) || this.believes.get(id)?.size === 0, `${id} is lost`);
    }
    // No deadlock: whoever waits first waits for somebody who holds.
    const [first] = waiting;
    const blocked = held.some(({ keys }) => keys.some((key) => first?.keys.includes(key)));
    ensure(first === undefined || blocked, `${first?.requestId} waits for nobody`);
  }

  /** No starvation: if every holder is done some time, everybody has his turn. */
  drain(): void {
    for (let rounds = 0; this.state.held.length > 0; rounds += 1) {
      ensure(rounds < 1_000, 'it never ends');
      const [holding] = this.state.held;
      this.end(holding?.requestId ?? '');
      this.step(release(this.state, [holding?.requestId ?? ''], 1_000_000));
      this.check();
    }
    ensure(this.state.waiting.length === 0, 'somebody never had his turn');
  }
}

test('over random schedules with pre-emptions, closed holders and ended gates', () => {
  fc.assert(
    fc.property(fc.array(move, { minLength: 5, maxLength: 80 }), (moves) => {
      const model = new Model();
      moves.forEach((each, index) => {
        model.play(each, index + 1);
        model.check();
      });
      model.drain();
    }),
    { numRuns: 1_000 },
  );
});
