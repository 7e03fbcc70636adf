/**
 * Waiting for something the region's watcher looks at, beside a deadline and a look of one's own.
 *
 * The one rule: an end told here is a hint; who waits reads the truth itself.
 */
import {
  CancellationScope,
  condition,
  defineSignal,
  isCancellation,
  setHandler,
  sleep,
} from '@temporalio/workflow';
import { WAIT_ENDED_SIGNAL } from '../domain/messages';
import type { WaitEnded } from '../domain/messages';
import type { WaitKind } from '../domain/watch';
import { standingBy } from './proxies';

const waitEndedSignal = defineSignal<[WaitEnded]>(WAIT_ENDED_SIGNAL);

/** What the watcher has said is over; filled by the handler, emptied by who waits. */
export class Hints {
  private readonly told = new Set<string>();

  /** Registers the signal's handler; before the first await of the workflow. */
  constructor() {
    // Anybody may send the signal, with anything: a handler that throws would stop its workflow for good.
    setHandler(waitEndedSignal, (ended: Partial<WaitEnded> | undefined) => {
      if (ended?.kind !== undefined && ended.key !== undefined) this.told.add(`${ended.kind}/${ended.key}`);
    });
  }

  /** @returns `over` by a hint or by a look; `interrupted` when `interrupt` came true; else `deadline` */
  async wait(request: {
    region: string;
    kind: WaitKind;
    key: string;
    since: number;
    withinMs: number;
    interrupt?: () => boolean;
  }): Promise<'over' | 'interrupted' | 'deadline'> {
    const { region, kind, key, since, withinMs, interrupt = () => false } = request;
    const name = `${kind}/${key}`;
    this.told.delete(name);
    return CancellationScope.cancellable(async () => {
      const scope = CancellationScope.current();
      const summary = `until ${kind} ${key} is over`;
      const look = standingBy.lookUntilOver
        .executeWithOptions({ summary }, [{ region, kind, key, since }])
        .then(() => 'over' as const)
        .catch(refusedIsOver);
      const hint = condition(() => this.told.has(name) || interrupt()).then(() =>
        this.told.has(name) ? 'over' : 'interrupted',
      );
      const deadline = sleep(Math.max(1, withinMs), { summary: `deadline for ${kind}` }).then(
        () => 'deadline' as const,
      );
      try {
        return await Promise.race([hint, look, deadline]);
      } finally {
        for (const loser of [hint, look, deadline]) loser.catch(() => undefined);
        scope.cancel();
      }
    });
  }
}

/** A look that ECS refuses for good tells nothing; who waits reads the truth himself and meets the refusal there. */
function refusedIsOver(error: unknown): 'over' {
  if (isCancellation(error)) throw error;
  return 'over';
}
