/**
 * Holding keys of the region's gate while something disruptive is done.
 *
 * The one rule: who gives up, for whatever reason, withdraws; and a grant nobody wants any more is given back. A
 * workflow has one `GateLease` and holds one set of keys after the other with it.
 */
import { CancellationScope, condition, setHandler, sleep, uuid4 } from '@temporalio/workflow';
import type { GateAnswer, GateKey, GatePurpose } from '../domain/gate';
import { gateAnswerSignal } from './gate';
import { askingGate, releasingGate } from './proxies';

export interface LeaseRequest {
  region: string;
  purpose: GatePurpose;
  keys: GateKey[];
  /** Granted at once, by taking the keys from who holds them. For what cannot wait: a reclaim. */
  preempt?: boolean;
  /** Absent: waits as long as it takes. */
  withinMs?: number;
  interrupt?: () => boolean;
}

/** What is asked for or held. */
interface Lease {
  readonly requestId: string;
  readonly region: string;
  granted: boolean;
  preemptedBy?: string;
  taken: string[];
  /** An attempt to ask may still be on its way. */
  asking: boolean;
}

/** An attempt that is on its way when it is cancelled ends within its heartbeat timeout; then it is lost, not late. */
const ASKING_ENDS_WITHIN = '10 seconds';

export class GateLease {
  private lease: Lease | undefined;
  private region = '';

  /** Registers the signal's handler; before the first await of the workflow. */
  constructor() {
    setHandler(gateAnswerSignal, (answer: Partial<GateAnswer> | undefined) => {
      const { requestId, kind, by, keys } = answer ?? {};
      // Anybody may send the signal, with anything: a handler that throws would stop its workflow for good.
      if (typeof requestId !== 'string') return undefined;
      const { lease } = this;
      if (lease?.requestId !== requestId) return kind === 'granted' ? this.giveBack(requestId) : undefined;
      if (kind === 'granted') lease.granted = true;
      else if (kind === 'preempted' && typeof by === 'string') {
        lease.preemptedBy = by;
        if (Array.isArray(keys)) lease.taken.push(...keys);
      }
    });
  }

  /** The workflow that took keys of ours since the grant. */
  get preemptedBy(): string | undefined {
    return this.lease?.preemptedBy;
  }

  /** Which keys it took; the others are still held. */
  get takenKeys(): readonly string[] {
    return this.lease?.taken ?? [];
  }

  /** Waits for the whole set of keys. What is not `granted` has been withdrawn, also where this workflow is cancelled. */
  async acquire(request: LeaseRequest): Promise<'granted' | 'interrupted' | 'deadline'> {
    const { region, withinMs, interrupt = () => false } = request;
    await this.release();
    const lease: Lease = {
      requestId: uuid4(),
      region,
      granted: false,
      taken: [],
      asking: true,
    };
    this.lease = lease;
    this.region = region;
    let end: 'granted' | 'interrupted' | 'deadline' | undefined;
    try {
      end = await CancellationScope.cancellable(async () => {
        const scope = CancellationScope.current();
        const asking = this.ask(request, lease.requestId);
        asking.catch(() => (lease.asking = false));
        const told = condition(() => lease.granted || interrupt()).then(() =>
          lease.granted ? ('granted' as const) : ('interrupted' as const),
        );
        const deadline =
          withinMs === undefined
            ? new Promise<never>(() => undefined)
            : sleep(Math.max(1, withinMs), { summary: 'deadline for the gate' }).then(
                () => 'deadline' as const,
              );
        try {
          return await Promise.race([told, asking, deadline]);
        } finally {
          for (const loser of [told, asking, deadline]) loser.catch(() => undefined);
          scope.cancel();
        }
      });
      return end;
    } finally {
      if (end !== 'granted') await this.release();
    }
  }

  /** Gives back what is held or asked for; harmless where nothing is. Works while the workflow is being cancelled. */
  async release(): Promise<void> {
    const { lease } = this;
    if (!lease) return;
    this.lease = undefined;
    await CancellationScope.nonCancellable(async () => {
      // An attempt still on its way would ask for it anew. (Should one be later still, its grant is given back.)
      if (lease.asking) await condition(() => !lease.asking, ASKING_ENDS_WITHIN);
      await releasingGate.releaseGate({ region: lease.region, requestId: lease.requestId });
    });
  }

  private async ask(request: LeaseRequest, requestId: string): Promise<never> {
    const { region, purpose, keys, preempt } = request;
    const limits = Object.fromEntries(
      keys.filter(({ limit }) => limit !== 1).map(({ key, limit }) => [key, limit]),
    );
    await askingGate.askGate.executeWithOptions({ summary: `keys for ${purpose}` }, [
      {
        region,
        requestId,
        purpose,
        keys: [...new Set(keys.map(({ key }) => key))],
        ...(Object.keys(limits).length > 0 && { limits }),
        ...(preempt && { preempt }),
        askedAt: Date.now(),
      },
    ]);
    throw new Error('unreachable: asking ends only by being cancelled');
  }

  /** A grant of a request that was given up: the gate did not hear of it. */
  private giveBack(requestId: string): void {
    const { region } = this;
    void CancellationScope.nonCancellable(() => releasingGate.releaseGate({ region, requestId })).catch(
      () => undefined,
    );
  }
}
