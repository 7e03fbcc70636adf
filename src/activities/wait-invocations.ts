/**
 * Looking at invocations, of commands and of files, in the cheapest of three ways, decided anew at each look: listing newest first (one page serves
 * 50 and shows ends at once; the order is not documented, so it is trusted only while answers are seen to be in it),
 * listing what is alive by status and intersecting, and asking by id. No tag filter: it ends at 1,000 resources.
 *
 * The one rule: an end needs evidence, a terminal status read, or, for what was once seen alive, absence confirmed by
 * its id. What was never seen and is not listed is "not visible yet" until it is a minute old.
 */
import { countStates, hasEnded } from '../domain/invocation';
import type { InvocationState } from '../domain/invocation';
import { VISIBLE_WITHIN_MS } from '../domain/waiting';
import type { Wait } from '../domain/watch';
import type { Look, LookRequest } from './wait-kinds';

/** Up to this many, asking each by id is cheapest. */
const ASK_DIRECTLY = 2;
/** Ends and absences confirmed by id in one look. */
const ASKS_PER_LOOK = 10;
/** Pages without anything of ours before newest-first is given up: the account is busy with others' commands. */
const FRUITLESS_PAGES = 2;
/** A wait may have been registered this much before the invocation's own CreationTime (clocks differ). */
const CLOCK_SLACK_MS = 60_000;

/** Where they are listed. */
interface Listing {
  pages(status?: string): AsyncIterable<InvocationState[]>;
  one(invokeId: string): Promise<InvocationState | undefined>;
  /** Each a filter of its own. */
  alive: readonly string[];
}

export function lookAtInvocations(request: LookRequest): Promise<Look> {
  const { ecs, region } = request;
  const { files: _, ...memory } = request.memory;
  return lookAt(
    { ...request, memory },
    {
      pages: (status) => ecs.invocationPages(region, status),
      one: (invokeId) => ecs.describeInvocation(region, invokeId),
      alive: ['Running', 'Pending', 'Stopping'],
    },
  );
}

/** Their memory is apart: how busy an account is with files says nothing of its commands. */
export async function lookAtFiles(request: LookRequest): Promise<Look> {
  const { ecs, region, memory } = request;
  const look = await lookAt(
    { ...request, memory: memory.files ?? {} },
    {
      pages: (status) => ecs.sentFilePages(region, status),
      one: (invokeId) => ecs.describeSentFile(region, invokeId),
      alive: ['Running', 'Pending'],
    },
  );
  return { ...look, memory: { files: look.memory } };
}

async function lookAt(request: LookRequest, listing: Listing): Promise<Look> {
  const work = new InvocationLook(request, listing);
  if (work.open.size > ASK_DIRECTLY && !request.memory.unordered) await work.listNewest();
  if (work.open.size > ASK_DIRECTLY) await work.listAlive();
  await work.askEach();
  return work.look;
}

class InvocationLook {
  /** Not decided yet in this look, by invokeId. */
  readonly open: Map<string, Wait>;
  readonly look: Look;
  private pages = 0;
  private statusPages = 0;
  private asks = 0;

  constructor(
    private readonly request: LookRequest,
    private readonly listing: Listing,
  ) {
    this.open = new Map(request.waits.map((wait) => [wait.key, wait]));
    const memory = { ...request.memory };
    this.look = { ended: new Set(), seen: new Set(), states: new Map(), memory, calls: 0, how: '' };
  }

  async listNewest(): Promise<void> {
    let fruitless = 0;
    let previous = Infinity;
    for await (const page of this.listing.pages()) {
      this.pages += 1;
      const before = this.open.size;
      for (const state of page) {
        const createdAt = Date.parse(state.createdAt);
        if (createdAt > previous) this.look.memory.unordered = true;
        previous = Number.isNaN(createdAt) ? previous : createdAt;
        this.note(state);
      }
      fruitless = this.open.size === before ? fruitless + 1 : 0;
      const oldest = Math.min(...[...this.open.values()].map((wait) => wait.since));
      const passed = previous < oldest - CLOCK_SLACK_MS;
      if (
        passed ||
        this.look.memory.unordered ||
        fruitless >= FRUITLESS_PAGES ||
        this.open.size <= ASK_DIRECTLY
      )
        break;
    }
    this.sum();
  }

  /** What is listed as alive is alive; what is not is left open for askEach, which confirms. */
  async listAlive(): Promise<void> {
    const { memory } = this.request;
    const worth = this.open.size;
    if ((memory.livePages ?? 0) >= worth) {
      // Forgotten little by little, so that a quieter account is noticed.
      this.look.memory.livePages = Math.floor((memory.livePages ?? 0) * 0.9);
      return;
    }
    for (const status of this.listing.alive) {
      for await (const page of this.listing.pages(status)) {
        this.statusPages += 1;
        for (const state of page) this.note(state);
        if (this.statusPages > worth) break;
      }
    }
    this.look.memory.livePages = this.statusPages;
    this.sum();
  }

  async askEach(): Promise<void> {
    const { now } = this.request;
    const candidates = [...this.open.values()]
      .filter((wait) => this.mayBeAsked(wait))
      .sort(() => Math.random() - 0.5);
    for (const wait of candidates.slice(0, ASKS_PER_LOOK)) {
      this.asks += 1;
      const state = await this.listing.one(wait.key);
      if (state) this.note(state);
      else if (wait.seen || now - wait.since > VISIBLE_WITHIN_MS) this.look.ended.add(wait.key);
    }
    this.sum();
  }

  /** After a full listing a young wait that was never seen is simply not visible yet: no call for it. */
  private mayBeAsked(wait: Wait): boolean {
    return this.pages === 0 || wait.seen || this.request.now - wait.since > VISIBLE_WITHIN_MS;
  }

  private note(state: InvocationState): void {
    if (!this.open.has(state.invokeId)) return;
    this.open.delete(state.invokeId);
    if (hasEnded(state)) this.look.ended.add(state.invokeId);
    else {
      this.look.seen.add(state.invokeId);
      this.look.states.set(state.invokeId, countStates(state));
    }
  }

  private sum(): void {
    this.look.calls = this.pages + this.statusPages + this.asks;
    this.look.how = `newest first ${this.pages}, by status ${this.statusPages}, by id ${this.asks}`;
  }
}
