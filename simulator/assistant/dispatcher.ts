/**
 * Carries a command or a file to an instance, has it run or written there and writes down how it went. The rule: a task
 * changes only here, every start and end is an effect in the ledger, and an ended task never changes again.
 *
 * Delivery takes `durations.delivery`. The instance must then be running and its agent in contact; one that is on
 * its way up is waited for, up to `durations.deliveryTimeout`. A guest that goes down takes its scripts with it.
 */
import type { InstanceEvent } from '../core/events';
import type { Executor, FailureCode, Finished, RunningJob } from '../exec';
import type { Instance } from '../model/instance';
import { isAgentReady } from '../model/instance';
import type { Simulation } from '../simulation';
import type { Errand } from './errand';
import { commandErrand, fileErrand } from './errand';
import type { FileTask, Invocation, SentFile, Task } from './model';
import { isTimed } from './model';
import { obstacleOf } from './obstacles';
import type { Secrets } from './obstacles';
import type { OssBuckets } from './oss';
import type { TaskStatus } from './vocabulary';
import { ERROR_WORDS, isEnd } from './vocabulary';

interface Flight extends Errand {
  /** Set once it has been handed to the executor. */
  job?: RunningJob;
  /** Why the script is being ended, when it is not its own doing. */
  interruption?: FailureCode | 'stop';
  /** Cancels what the task waits for. */
  cancel(): void;
}

/** Told when an execution has ended. */
export type EndListener = (invocation: Invocation, task: Task) => void;

/** Sends commands and files. */
export class Dispatcher {
  private readonly flights = new Map<string, Set<Flight>>();
  private runs = 0;

  constructor(
    private readonly simulation: Simulation,
    private readonly executor: () => Promise<Executor>,
    private readonly onEnd: EndListener,
    private readonly stores: { readonly buckets: OssBuckets; readonly secrets: Secrets },
  ) {}

  /** What runs on an instance now. */
  activeOn(instanceId: string): number {
    return [...(this.flights.get(instanceId) ?? [])].filter(({ task }) => task.status === 'Running').length;
  }

  /** What is known of a task's output: while it runs, what has been reported. */
  outputOf(task: Task): Buffer {
    return this.flightOf(task)?.job?.output() ?? task.output;
  }

  /** Sends a Pending task on its way. */
  send(invocation: Invocation, task: Task): void {
    this.carry(commandErrand(invocation, task, this.stores, () => this.onEnd(invocation, task)));
  }

  /** Sends a file on its way. */
  sendFile(file: SentFile, task: FileTask): void {
    this.carry(fileErrand(file, task));
  }

  private carry(errand: Errand): void {
    const { clock, durations } = this.simulation;
    const deadline = clock.now() + durations.deliveryTimeout;
    const timer = clock.after(durations.delivery, () => this.deliver(flight, deadline));
    const flight: Flight = { ...errand, cancel: () => timer.cancel() };
    const { instanceId } = errand.task;
    this.flights.set(instanceId, (this.flights.get(instanceId) ?? new Set()).add(flight));
  }

  /** StopInvocation for one task: what has not started never will; what has started is left or ended. */
  stop(invocation: Invocation, task: Task, endStarted: boolean): void {
    const flight = this.flightOf(task);
    const now = this.simulation.clock.now();
    if (task.status === 'Pending' || task.status === 'Scheduled') {
      task.stoppedAt = now;
      this.settle(flight, task, { status: 'Cancelled' });
      flight?.job?.kill();
      return;
    }
    if (task.status !== 'Running' || !flight) return;
    if (!endStarted) {
      // A timed task runs to the end of this occurrence and has no other.
      if (isTimed(invocation)) task.stoppedAt = now;
      return;
    }
    Object.assign(task, { status: 'Stopping', stoppedAt: now, updatedAt: now });
    const { clock, durations } = this.simulation;
    clock.after(durations.delivery, () => this.interrupt(flight, 'stop'));
  }

  /** Ends a task that waits and will not run any more. */
  abandon(task: Task, code: keyof typeof ERROR_WORDS): void {
    this.settle(undefined, task, { status: 'Aborted', code });
  }

  /** Follows an instance: a guest that goes down interrupts, one that comes up is delivered to. */
  follow(event: InstanceEvent): void {
    for (const flight of [...(this.flights.get(event.instanceId) ?? [])]) {
      if (event.type === 'released') this.interrupt(flight, 'InstanceReleased');
      else if (
        flight.job &&
        (event.type === 'stopping' || event.type === 'stopped' || event.type === 'rebooting')
      )
        this.interrupt(flight, flight.task.startedAt ? 'ExecutionInterrupted' : 'InstanceNotRunning');
    }
  }

  private deliver(flight: Flight, deadline: number): void {
    const { clock, world } = this.simulation;
    if (isEnd(flight.task.status)) return;
    const instance = world.findInstance(flight.task.instanceId);
    if (!instance) return this.fail(flight, 'InstanceNotExists');
    if (isAgentReady(instance, clock.now())) {
      const unable = flight.unable?.(instance);
      if (unable) return this.fail(flight, unable.code, unable.message);
      this.run(flight, instance).catch((error: unknown) =>
        this.fail(flight, 'ExecutionException', error instanceof Error ? error.message : String(error)),
      );
      return;
    }
    const obstacle = obstacleOf(instance);
    if (obstacle.isFinal || clock.now() >= deadline) return this.fail(flight, obstacle.code);
    const due = Math.min(deadline, Math.max(clock.now() + 1, obstacle.until));
    const timer = clock.at(due, () => this.deliver(flight, deadline));
    flight.cancel = () => timer.cancel();
  }

  private async run(flight: Flight, instance: Instance): Promise<void> {
    const executor = await this.executor();
    if (isEnd(flight.task.status)) return;
    flight.job = flight.start(executor, instance, ++this.runs, () => this.started(flight));
    this.finished(flight, await flight.job.done);
  }

  private started(flight: Flight): void {
    const { task } = flight;
    const now = this.simulation.clock.now();
    if (isEnd(task.status)) return;
    Object.assign(task, { status: 'Running', startedAt: now, updatedAt: now });
    flight.started?.(now);
    this.note(`${flight.effects}.started`, flight);
  }

  private finished(flight: Flight, finished: Finished): void {
    const { task } = flight;
    const { ending } = finished;
    if (isEnd(task.status)) return;
    flight.take?.(finished);
    if (flight.interruption === 'stop') return this.settle(flight, task, { status: 'Terminated' });
    if (flight.interruption) return this.fail(flight, flight.interruption);
    if (ending.kind === 'exited') {
      if (ending.exitCode === 0) return this.settle(flight, task, { status: 'Success' });
      return this.settle(flight, task, { status: 'Failed', code: 'ExitCodeNonzero' });
    }
    if (ending.kind === 'timeout')
      return this.settle(flight, task, { status: 'Timeout', code: 'ExecutionTimeout' });
    if (ending.kind === 'killed') return this.fail(flight, 'ExecutionInterrupted');
    this.fail(flight, ending.code, ending.message);
  }

  /** Ends what runs, or what would have run, on this instance. */
  private interrupt(flight: Flight, why: FailureCode | 'stop'): void {
    if (isEnd(flight.task.status)) return;
    flight.interruption ??= why;
    if (flight.task.status === 'Pending' && why !== 'stop') this.fail(flight, why);
    flight.job?.kill();
  }

  private fail(flight: Flight, code: FailureCode, message = ''): void {
    const { status, text } = ERROR_WORDS[code];
    const pending = code === 'InstanceReleased' && flight.task.startedAt === undefined;
    const tellsMore = code === 'ExecutionException' || flight.effects === 'file';
    const said = tellsMore && message !== '' ? `${text} ${message}`.slice(0, 255) : text;
    this.settle(flight, flight.task, { status: pending ? 'Aborted' : status, code, text: said });
  }

  private settle(
    flight: Flight | undefined,
    task: Flight['task'],
    end: { status: TaskStatus; code?: keyof typeof ERROR_WORDS; text?: string },
  ): void {
    const { clock } = this.simulation;
    const ranOut = end.status === 'Timeout' && flight && task.startedAt !== undefined;
    const now = ranOut ? (task.startedAt ?? 0) + flight.timeoutMs : clock.now();
    Object.assign(task, { status: end.status, finishedAt: now, updatedAt: now });
    task.errorCode = end.code ?? '';
    task.errorInfo = end.code ? (end.text ?? ERROR_WORDS[end.code].text) : '';
    if (!flight) return;
    flight.cancel();
    this.remove(flight);
    this.note(`${flight.effects}.finished`, flight);
    flight.ended?.();
  }

  private remove(flight: Flight): void {
    const { instanceId } = flight.task;
    const flights = this.flights.get(instanceId);
    flights?.delete(flight);
    if (flights?.size === 0) this.flights.delete(instanceId);
  }

  private flightOf(task: Task): Flight | undefined {
    return [...(this.flights.get(task.instanceId) ?? [])].find((flight) => flight.task === task);
  }

  private note(effect: string, flight: Flight): void {
    const { regionId, task } = flight;
    const { ledger, clock } = this.simulation;
    ledger.effect({
      time: clock.now(),
      effect,
      regionId,
      resourceId: task.instanceId,
      detail: { ...flight.detail(), started: task.startedAt !== undefined },
    });
  }
}
