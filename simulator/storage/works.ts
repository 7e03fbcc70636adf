/**
 * Work of the provider on disks, snapshots and images. The rule: one piece of work a resource; it is known by what
 * the resource itself says, so that it goes on after a restart.
 */
import type { Timer } from '../core/clock';
import type { Work } from '../model/storage';
import type { Simulation } from '../simulation';

/** Something that work is done on. */
interface Worked {
  work?: Work | undefined;
}

/** The timers of all work. */
export class Works {
  private readonly timers = new Map<string, Timer>();

  constructor(private readonly simulation: Simulation) {}

  /** Begins work of that length; `end` runs when it is over. */
  begin(id: string, resource: Worked, duration: number, end: () => void): void {
    const { clock } = this.simulation;
    resource.work = { startedAt: clock.now(), due: clock.dueAfter(duration) };
    this.resume(id, resource, end);
  }

  /** Goes on with work that was begun earlier. */
  resume(id: string, resource: Worked, end: () => void): void {
    if (!resource.work) return;
    this.timers.get(id)?.cancel();
    const timer = this.simulation.clock.at(resource.work.due, () => {
      this.timers.delete(id);
      resource.work = undefined;
      end();
    });
    this.timers.set(id, timer);
  }

  /** Breaks work off. */
  stop(id: string, resource: Worked): void {
    this.timers.get(id)?.cancel();
    this.timers.delete(id);
    resource.work = undefined;
  }

  /** Writes an effect on a resource into the ledger. */
  tell(
    effect: string,
    resource: { readonly regionId: string },
    resourceId: string,
    requestId?: string,
    detail?: Readonly<Record<string, unknown>>,
  ): void {
    const { ledger, clock } = this.simulation;
    ledger.effect({
      time: clock.now(),
      effect,
      regionId: resource.regionId,
      resourceId,
      ...(requestId === undefined ? {} : { requestId }),
      ...(detail === undefined ? {} : { detail }),
    });
  }
}
