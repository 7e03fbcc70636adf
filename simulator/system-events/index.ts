/**
 * The system events of one simulation and what becomes of them. The rule: an event changes only through `become`,
 * which tells the ledger; what it will become by itself has a due moment, so that it survives a restart.
 */
import type { InstanceEvent } from '../core/events';
import type { Timer } from '../core/clock';
import type { Simulation } from '../simulation';
import { carryOut, executionOf, finish, undo } from './consequences';
import type { CycleStatus, SystemEvent } from './model';
import { isFailure, isOpen } from './model';

/** What is told about a new event; the rest follows from its type. */
export interface EventDraft {
  readonly instanceId: string;
  readonly regionId: string;
  readonly type: string;
  readonly notBefore: number;
  readonly status?: CycleStatus;
  readonly simulated?: boolean;
  readonly realOps?: boolean;
  readonly reason?: string;
  readonly reasonCode?: string;
}

interface Saved {
  readonly events: readonly SystemEvent[];
  readonly doomed: readonly (readonly [string, number])[];
}

/** Finished events are known this long. */
export const HISTORY_MS = 30 * 86_400_000;

/** All system events of one simulation. */
export class SystemEvents {
  private readonly events = new Map<string, SystemEvent>();
  private readonly byInstance = new Map<string, Set<SystemEvent>>();
  private readonly timers = new Map<string, Timer>();
  /** Instances whose creation will fail, and when. */
  private readonly doomed = new Map<string, number>();

  constructor(private readonly simulation: Simulation) {
    simulation.events.subscribe((event) => this.follow(event));
    simulation.keep('systemEvents', {
      save: (): Saved => ({ events: [...this.events.values()], doomed: [...this.doomed] }),
      restore: (saved) => this.restore(saved as Saved),
    });
  }

  /** An event by its id. */
  find(eventId: string): SystemEvent | undefined {
    return this.events.get(eventId);
  }

  /** The events of a region, oldest first, without those that are forgotten by now. */
  ofRegion(regionId: string): SystemEvent[] {
    const since = this.simulation.clock.now() - HISTORY_MS;
    return [...this.events.values()].filter(
      (event) => event.regionId === regionId && (event.finishedAt ?? Infinity) >= since,
    );
  }

  /** The events of an instance that are not over. */
  openOf(instanceId: string): SystemEvent[] {
    return [...(this.byInstance.get(instanceId) ?? [])];
  }

  /** Adds an event. */
  raise(draft: EventDraft, requestId?: string): SystemEvent {
    const { clock, random, world } = this.simulation;
    const { status = isFailure(draft.type) ? 'Executing' : 'Scheduled', ...rest } = draft;
    const event: SystemEvent = {
      simulated: false,
      realOps: true,
      reason: 'System maintenance is scheduled due to underlying host software/hardware upgrades.',
      reasonCode: '',
      ...rest,
      eventId: random.id('e-bp1', 17),
      resourceGroupId: world.findInstance(draft.instanceId)?.resourceGroupId ?? '',
      sequence: world.nextSequence(),
      publishedAt: clock.now(),
      initialNotBefore: draft.notBefore,
      status,
      avoiding: false,
      finishedAt: undefined,
      next: undefined,
    };
    this.forgetOld();
    this.keep(event);
    this.tell(event, 'event.raised', requestId);
    if (status === 'Executing') this.execute(event, event.simulated ? event.notBefore : undefined);
    else this.schedule(event);
    return event;
  }

  /** The owner agrees to what is asked. */
  accept(event: SystemEvent, requestId: string): void {
    this.become(event, 'Executing', requestId);
    this.execute(event);
  }

  /** Takes an open event back. */
  cancel(event: SystemEvent, requestId?: string): void {
    if (event.realOps) undo(this.simulation, event);
    this.become(event, 'Canceled', requestId);
  }

  /** Sets another moment, as the provider does when plans change. */
  move(event: SystemEvent, notBefore: number): void {
    event.notBefore = notBefore;
    this.tell(event, 'event.moved');
    this.schedule(event);
  }

  /** Puts an event into a status at once: for the control plane only. */
  force(event: SystemEvent, status: CycleStatus): void {
    event.avoiding = false;
    this.become(event, status);
    if (status === 'Executing') this.execute(event);
    else this.schedule(event);
  }

  /** The creation of an instance will fail instead of being finished. */
  failCreation(instanceId: string, due: number): void {
    this.doomed.set(instanceId, due);
    this.simulation.clock.at(due, () => {
      const instance = this.simulation.world.findInstance(instanceId);
      if (!this.doomed.delete(instanceId) || !instance) return;
      const { regionId } = instance;
      const reason = 'The instance could not be created because of insufficient resources.';
      const notBefore = this.simulation.clock.now();
      const event = this.raise({ instanceId, regionId, type: 'SystemFailure.Delete', notBefore, reason });
      this.become(event, 'Executed');
    });
  }

  /** At NotBefore a scheduled event is carried out. */
  private schedule(event: SystemEvent): void {
    if (event.status !== 'Scheduled' || event.avoiding) return;
    const untouched = event.simulated && !event.realOps;
    this.arm(event, untouched ? 'Executed' : 'Executing', event.notBefore);
  }

  private execute(event: SystemEvent, due?: number): void {
    const { clock } = this.simulation;
    if (event.realOps) carryOut(this.simulation, event);
    if (isOpen(event))
      this.arm(event, 'Executed', due ?? clock.dueAfter(executionOf(this.simulation, event)));
  }

  private arm(event: SystemEvent, status: CycleStatus, due: number): void {
    event.next = { status, due };
    this.timers.get(event.eventId)?.cancel();
    this.timers.set(
      event.eventId,
      this.simulation.clock.at(due, () => {
        this.become(event, status);
        if (status === 'Executing') this.execute(event);
      }),
    );
  }

  private become(event: SystemEvent, status: CycleStatus, requestId?: string): void {
    this.timers.get(event.eventId)?.cancel();
    this.timers.delete(event.eventId);
    event.next = undefined;
    event.status = status;
    event.finishedAt = isOpen(event) ? undefined : this.simulation.clock.now();
    this.keep(event);
    this.tell(event, `event.${status.toLowerCase()}`, requestId);
    if (status === 'Executed' && event.realOps) finish(this.simulation, event);
  }

  /** Only what is ordered through the API counts; a reboot inside the guest changes nothing. */
  private follow({ type, instanceId, byRequest }: InstanceEvent): void {
    const { clock, durations, switches } = this.simulation;
    for (const event of this.openOf(instanceId)) {
      if (type === 'released') this.become(event, event.status === 'Executing' ? 'Executed' : 'Canceled');
      else if (event.status !== 'Scheduled') continue;
      else if (
        isAvoidable(event) &&
        byRequest &&
        switches.eventAvoidedBy.split('-or-').includes(ORDERS[type] ?? '')
      ) {
        event.avoiding = true;
        event.next = undefined;
        this.timers.get(event.eventId)?.cancel();
      } else if (type === 'running' && event.avoiding)
        this.arm(event, 'Avoided', clock.dueAfter(durations.eventAvoided));
    }
  }

  /** The oldest go first; one that is still open keeps those after it, which are few. */
  private forgetOld(): void {
    const since = this.simulation.clock.now() - HISTORY_MS;
    for (const event of this.events.values()) {
      if ((event.finishedAt ?? Infinity) >= since) return;
      this.events.delete(event.eventId);
    }
  }

  private keep(event: SystemEvent): void {
    this.events.set(event.eventId, event);
    const open = this.byInstance.get(event.instanceId) ?? new Set();
    if (isOpen(event)) this.byInstance.set(event.instanceId, open.add(event));
    else if (open.delete(event) && open.size === 0) this.byInstance.delete(event.instanceId);
  }

  private restore({ events, doomed }: Saved): void {
    for (const event of events) {
      this.keep(event);
      this.simulation.world.continueAfter(event.sequence);
      if (event.next) this.arm(event, event.next.status, event.next.due);
    }
    for (const [instanceId, due] of doomed) this.failCreation(instanceId, due);
  }

  private tell(event: SystemEvent, effect: string, requestId?: string): void {
    const { ledger, clock } = this.simulation;
    const { eventId, regionId, instanceId, type, notBefore } = event;
    ledger.effect({
      time: clock.now(),
      effect,
      regionId,
      resourceId: eventId,
      ...(requestId === undefined ? {} : { requestId }),
      detail: { instanceId, type, notBefore },
    });
  }
}

/** What of an instance's life the owner can order to get ahead of an event. */
const ORDERS: Readonly<Record<string, string>> = { rebooting: 'reboot', starting: 'start' };

function isAvoidable(event: SystemEvent): boolean {
  return event.type === 'SystemMaintenance.Reboot' || event.type === 'SystemMaintenance.Redeploy';
}
