/**
 * Commands that run at times or with the start of the guest. The rule: the timer is in the guest, as the agent has it:
 * a timed task is Scheduled between its occurrences, one that comes while the guest is away or the one before still
 * runs is left out, and each that ended becomes a line of its history.
 */
import type { InstanceEvent } from '../core/events';
import { isAgentReady } from '../model/instance';
import type { Simulation } from '../simulation';
import type { Dispatcher } from './dispatcher';
import type { Invocation, Task } from './model';
import { isRepeating, newExecution, recordOf } from './model';
import { parseSchedule } from './schedule';
import type { Schedule } from './schedule';
import type { AssistantStore } from './store';
import { isEnd } from './vocabulary';

/** Occurrences kept per instance. */
const LONGEST_HISTORY = 100;

/** Wakes timed invocations. */
export class TimedInvocations {
  constructor(
    private readonly simulation: Simulation,
    private readonly store: AssistantStore,
    private readonly dispatcher: () => Dispatcher,
  ) {}

  /** Takes over a timed invocation whose tasks are Scheduled. */
  start(invocation: Invocation): void {
    if (invocation.repeatMode === 'Period') this.arm(invocation);
  }

  /** Takes over one that was saved: what ran then has been interrupted, and waits for its next time. */
  restart(invocation: Invocation): void {
    for (const task of invocation.tasks) {
      const interrupted = task.errorCode === 'ExecutionInterrupted';
      if (interrupted && task.history.at(-1)?.sequence !== task.sequence) this.ended(invocation, task);
    }
    if (invocation.repeatMode !== 'Period' || isOver(invocation)) return;
    if (this.nextOf(invocation) !== undefined) return this.arm(invocation);
    // Its only time came while nobody was there.
    for (const task of invocation.tasks)
      if (task.status === 'Scheduled') this.dispatcher().abandon(task, 'DeliveryTimeout');
  }

  /** Runs what waits for the start of a guest; what waits for a guest that is gone waits no longer. */
  follow(event: InstanceEvent): void {
    if (event.type !== 'running' && event.type !== 'released') return;
    for (const invocation of this.store.invocations.values())
      for (const task of invocation.tasks) {
        if (task.instanceId !== event.instanceId || task.status !== 'Scheduled') continue;
        if (event.type === 'released') this.dispatcher().abandon(task, 'InstanceReleased');
        else if (invocation.repeatMode !== 'Period') this.launch(invocation, task);
      }
  }

  /** After an occurrence: the record is kept, and the task waits for the next one where there is one. */
  ended(invocation: Invocation, task: Task): void {
    if (!isRepeating(invocation)) return;
    task.history.push(recordOf(task));
    if (task.history.length > LONGEST_HISTORY) task.history.shift();
    const isGone = task.errorCode === 'InstanceReleased' || task.errorCode === 'InstanceNotExists';
    if (invocation.stopped || task.stoppedAt !== undefined || isGone) return;
    if (invocation.repeatMode === 'EveryReboot' || this.nextOf(invocation) !== undefined)
      Object.assign(task, { status: 'Scheduled', updatedAt: this.simulation.clock.now() });
  }

  private nextOf(invocation: Invocation): number | undefined {
    return scheduleOf(invocation)?.next(this.simulation.clock.now(), invocation.createdAt);
  }

  private arm(invocation: Invocation): void {
    const due = this.nextOf(invocation);
    if (due === undefined) return;
    this.simulation.clock.at(due, () => {
      if (isOver(invocation) || !this.store.invocations.has(invocation.invokeId)) return;
      // Armed first: the next occurrence does not depend on how this one goes.
      this.arm(invocation);
      for (const task of invocation.tasks) if (task.status === 'Scheduled') this.occur(invocation, task);
    });
  }

  private occur(invocation: Invocation, task: Task): void {
    const { clock, world, ledger } = this.simulation;
    const instance = world.findInstance(task.instanceId);
    const isThere = instance !== undefined && isAgentReady(instance, clock.now());
    // The last of all is told, with the reason it did not come to pass.
    if (isThere || this.nextOf(invocation) === undefined) return this.launch(invocation, task);
    ledger.effect({
      time: clock.now(),
      effect: 'command.missed',
      regionId: invocation.regionId,
      resourceId: task.instanceId,
      detail: { invokeId: invocation.invokeId },
    });
  }

  private launch(invocation: Invocation, task: Task): void {
    const { clock, world } = this.simulation;
    const repeats = task.repeats;
    const fresh = newExecution(world.nextSequence(), 'Pending', task.createdAt);
    Object.assign(task, { ...fresh, updatedAt: clock.now(), repeats });
    this.dispatcher().send(invocation, task);
  }
}

function scheduleOf(invocation: Invocation): Schedule | undefined {
  return parseSchedule(invocation.frequency, invocation.timeout * 1_000);
}

/** True when no task of a timed invocation will run again. */
export function isOver(invocation: Invocation): boolean {
  return invocation.tasks.every((task) => isEnd(task.status));
}
