/**
 * Commands that run at times or with the start of the guest. The rule: a timed task is Scheduled between its
 * occurrences, and each occurrence that ended becomes a line of its history.
 */
import type { InstanceEvent } from '../core/events';
import type { Simulation } from '../simulation';
import type { Dispatcher } from './dispatcher';
import type { Invocation, Task } from './model';
import { newExecution, recordOf } from './model';
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

  /** Runs what waits for the start of a guest. */
  follow(event: InstanceEvent): void {
    if (event.type !== 'running') return;
    for (const invocation of this.store.invocations.values())
      if (invocation.repeatMode === 'NextRebootOnly' || invocation.repeatMode === 'EveryReboot')
        for (const task of invocation.tasks)
          if (task.instanceId === event.instanceId && task.status === 'Scheduled')
            this.launch(invocation, task);
  }

  /** After an occurrence: the record is kept, and the task waits for the next one where there is one. */
  ended(invocation: Invocation, task: Task): void {
    if (invocation.stopped || task.stoppedAt !== undefined) return;
    const { clock, world } = this.simulation;
    const schedule = scheduleOf(invocation);
    const hasNext =
      invocation.repeatMode === 'EveryReboot' ||
      (invocation.repeatMode === 'Period' && schedule?.next(clock.now(), invocation.createdAt) !== undefined);
    if (invocation.repeatMode === 'Once' || invocation.repeatMode === 'NextRebootOnly') return;
    task.history.push(recordOf(task, world.nextSequence()));
    if (task.history.length > LONGEST_HISTORY) task.history.shift();
    if (hasNext) Object.assign(task, { status: 'Scheduled', updatedAt: clock.now() });
  }

  private arm(invocation: Invocation): void {
    const { clock } = this.simulation;
    const due = scheduleOf(invocation)?.next(clock.now(), invocation.createdAt);
    if (due === undefined) return;
    clock.at(due, () => {
      if (invocation.stopped || !this.store.invocations.has(invocation.invokeId)) return;
      // Armed first: the next occurrence does not depend on how this one goes.
      this.arm(invocation);
      for (const task of invocation.tasks) if (task.status === 'Scheduled') this.launch(invocation, task);
    });
  }

  private launch(invocation: Invocation, task: Task): void {
    const { clock } = this.simulation;
    const repeats = task.repeats;
    const fresh = newExecution(task.sequence, 'Pending', task.createdAt);
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
