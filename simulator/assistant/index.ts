/**
 * Cloud Assistant of one simulation: commands, invocations, files, and the executor behind them. The rule: actions ask
 * here, and nothing outside this directory changes a command or an invocation.
 */
import { dirname } from 'node:path';
import type { Executor } from '../exec';
import { ScriptedAnswers, createExecutor } from '../exec';
import type { Simulation } from '../simulation';
import { Dispatcher } from './dispatcher';
import type { Command, FileTask, Invocation, SentFile, Task } from './model';
import { isTimed, newExecution, newProgress } from './model';
import { Secrets } from './obstacles';
import { OssBuckets } from './oss';
import { readAssistant, readFile, saveAssistant } from './saved';
import type { SavedAssistant } from './saved';
import { AssistantStore } from './store';
import { TimedInvocations, isOver } from './timed';

/** What an action knows when it sends a command. */
export type InvocationDraft = Omit<
  Invocation,
  'invokeId' | 'sequence' | 'createdAt' | 'tasks' | 'stopped'
> & {
  readonly instanceIds: readonly string[];
  readonly requestId: string;
};

/** What an action knows when it sends a file. */
export type FileDraft = Omit<SentFile, 'invokeId' | 'sequence' | 'createdAt' | 'tasks'> & {
  readonly instanceIds: readonly string[];
  readonly requestId: string;
};

/** How often an instance was sent something. */
interface Usage {
  count: number;
  lastAt: number | undefined;
}

/** Cloud Assistant. */
export class CloudAssistant {
  readonly store = new AssistantStore();
  /** Answers set by tests, in every mode. */
  readonly answers = new ScriptedAnswers();
  readonly buckets: OssBuckets;
  readonly secrets = new Secrets();
  readonly dispatcher: Dispatcher;
  private readonly timed: TimedInvocations;
  private readonly usage = new Map<string, Usage>();
  private executor: Promise<Executor> | undefined;

  constructor(private readonly simulation: Simulation) {
    const executor = (): Promise<Executor> => this.ready();
    this.buckets = new OssBuckets(simulation);
    this.dispatcher = new Dispatcher(
      simulation,
      executor,
      (invocation, task) => this.ended(invocation, task),
      this,
    );
    this.timed = new TimedInvocations(simulation, this.store, () => this.dispatcher);
    simulation.events.subscribe((event) => {
      this.dispatcher.follow(event);
      this.timed.follow(event);
      if (event.type === 'released') this.usage.delete(event.instanceId);
      if (event.type === 'released') this.clear(event.instanceId);
    });
    simulation.keep('cloudAssistant', {
      save: () => saveAssistant(this.store),
      restore: (saved) => this.restore(saved as SavedAssistant),
    });
    simulation.onClose(async () => (await this.executor?.catch(() => undefined))?.close());
  }

  /** Makes the executor at the first call. Rejects where the sandbox was asked for and does not work. */
  ready(): Promise<Executor> {
    const { simulation } = this;
    // Real processes know nothing of time that is driven.
    const mode = simulation.exec ?? (simulation.clock.mode.kind === 'driven' ? 'canned' : undefined);
    this.executor ??= createExecutor({
      ...(mode ? { mode } : {}),
      directory: dirname(simulation.directoryOf({ regionId: 'guests', instanceId: 'probe' })),
      outputLimit: () => simulation.switches.outputLimit,
      answers: this.answers,
      cannedFiles: simulation.storage.files.canned,
      timers: simulation.clock,
      warn: (message) => process.stderr.write(`simulator: ${message}\n`),
    });
    return this.executor;
  }

  /** The executor where one has been made. */
  get begun(): Promise<Executor> | undefined {
    return this.executor;
  }

  /** How often an instance was sent a command, and when last. */
  usageOf(instanceId: string): Readonly<Usage> {
    return this.usage.get(instanceId) ?? { count: 0, lastAt: undefined };
  }

  /** Adds a command. */
  createCommand(draft: Omit<Command, 'commandId' | 'createdAt' | 'sequence' | 'invokeTimes'>): Command {
    const { random, clock, world } = this.simulation;
    const command: Command = {
      ...draft,
      commandId: random.id('c-', 20),
      createdAt: clock.now(),
      sequence: world.nextSequence(),
      invokeTimes: 0,
    };
    this.store.addCommand(command);
    return command;
  }

  /** Sends a command to instances. */
  invoke({ instanceIds, requestId, ...draft }: InvocationDraft): Invocation {
    const { random, clock, world, ledger } = this.simulation;
    const now = clock.now();
    const invokeId = random.id('t-', 20);
    const status = isTimed(draft) ? 'Scheduled' : 'Pending';
    const tasks = instanceIds.map((instanceId): Task => {
      this.usage.set(instanceId, { count: this.usageOf(instanceId).count + 1, lastAt: now });
      const execution = newExecution(world.nextSequence(), status, now);
      return { ...execution, instanceId, invokeId, history: [] };
    });
    const invocation: Invocation = {
      ...draft,
      command: { ...draft.command },
      invokeId,
      sequence: world.nextSequence(),
      createdAt: now,
      tasks,
      stopped: false,
    };
    const command = this.store.commands.get(draft.command.commandId);
    if (command) command.invokeTimes += 1;
    this.store.sent.add(invocation, now);
    ledger.effect({
      time: now,
      effect: 'invocation.created',
      regionId: draft.regionId,
      resourceId: invokeId,
      requestId,
      detail: { commandId: draft.command.commandId, instances: instanceIds.length },
    });
    if (isTimed(invocation)) this.timed.start(invocation);
    else for (const task of tasks) this.dispatcher.send(invocation, task);
    return invocation;
  }

  /** Sends a file to instances. */
  sendFile({ instanceIds, requestId, ...draft }: FileDraft): SentFile {
    const { random, clock, world, ledger } = this.simulation;
    const now = clock.now();
    const tasks = instanceIds.map((instanceId): FileTask => ({ ...newProgress('Pending', now), instanceId }));
    const invokeId = random.id('f-', 20);
    const file: SentFile = { ...draft, invokeId, sequence: world.nextSequence(), createdAt: now, tasks };
    this.store.files.add(file, now);
    ledger.effect({
      time: now,
      effect: 'file.sent',
      regionId: draft.regionId,
      resourceId: invokeId,
      requestId,
      detail: { targetDir: draft.targetDir, name: draft.name, instances: instanceIds.length },
    });
    for (const task of tasks) this.dispatcher.sendFile(file, task);
    return file;
  }

  /** Stops an invocation, wholly or on some instances. */
  stop(invocation: Invocation, instanceIds: readonly string[], requestId: string): void {
    const { switches, ledger, clock } = this.simulation;
    const isWhole = instanceIds.length === 0;
    if (isWhole) invocation.stopped = true;
    for (const task of invocation.tasks)
      if (isWhole || instanceIds.includes(task.instanceId))
        this.dispatcher.stop(invocation, task, switches.stopInvocation === 'terminate');
    ledger.effect({
      time: clock.now(),
      effect: 'invocation.stopped',
      regionId: invocation.regionId,
      resourceId: invocation.invokeId,
      requestId,
      detail: { instances: isWhole ? invocation.tasks.length : instanceIds.length },
    });
    if (isOver(invocation)) this.store.dropUnkept(invocation);
  }

  private clear(instanceId: string): void {
    const { executor, simulation } = this;
    // After what was to be copied of it has been.
    if (executor)
      void simulation.storage.files.clear(instanceId, async () => (await executor).forget(instanceId));
  }

  private restore(saved: SavedAssistant): void {
    const { clock, world } = this.simulation;
    const { commands, invocations } = readAssistant(saved, clock.now());
    for (const command of commands) this.store.addCommand(command);
    for (const invocation of invocations) {
      this.store.sent.add(invocation, clock.now());
      const records = invocation.tasks.flatMap((task) => [task, ...task.history]);
      for (const { sequence } of [invocation, ...records]) world.continueAfter(sequence);
      for (const task of invocation.tasks)
        if (task.status === 'Pending') this.dispatcher.send(invocation, task);
      this.timed.restart(invocation);
      if (isOver(invocation)) this.store.dropUnkept(invocation);
    }
    for (const file of (saved.files ?? []).map((each) => readFile(each, clock.now()))) {
      this.store.files.add(file, clock.now());
      world.continueAfter(file.sequence);
      for (const task of file.tasks) if (task.status === 'Pending') this.dispatcher.sendFile(file, task);
    }
  }

  private ended(invocation: Invocation, task: Task): void {
    this.timed.ended(invocation, task);
    if (isOver(invocation)) this.store.dropUnkept(invocation);
  }
}

/** The Cloud Assistant of a simulation. */
export function cloudAssistant(simulation: Simulation): CloudAssistant {
  return simulation.extension('cloudAssistant', () => new CloudAssistant(simulation));
}
