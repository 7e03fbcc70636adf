/**
 * Commands, invocations and what became of them on each instance. The rule: plain data; nothing here acts.
 */
import type { CommandType } from '../exec';
import type { OssOutput } from './oss';
import type { TaskStatus } from './vocabulary';

/** Once now, at times, or with the start of the guest. */
export type RepeatMode = 'Once' | 'Period' | 'NextRebootOnly' | 'EveryReboot';

/** A command. */
export interface Command {
  readonly commandId: string;
  readonly regionId: string;
  readonly type: CommandType;
  readonly content: Buffer;
  readonly enableParameter: boolean;
  readonly parameterNames: readonly string[];
  readonly resourceGroupId: string;
  readonly createdAt: number;
  readonly sequence: number;
  tags: ReadonlyMap<string, string>;
  /** False for the command of a RunCommand that did not ask to keep it: gone after the run. */
  readonly kept: boolean;
  name: string;
  description: string;
  timeout: number;
  workingDir: string;
  launcher: string;
  invokeTimes: number;
}

/** How something that was sent fares on one instance. */
export interface Progress {
  status: TaskStatus;
  createdAt: number;
  startedAt: number | undefined;
  finishedAt: number | undefined;
  stoppedAt: number | undefined;
  updatedAt: number;
  errorCode: string;
  errorInfo: string;
}

/** One execution on one instance. */
export interface Execution extends Progress {
  readonly sequence: number;
  exitCode: number | undefined;
  output: Buffer;
  dropped: number;
  repeats: number;
  /** Once it has started, where a place in OSS was given. */
  oss: OssOutput | undefined;
}

/** What an invocation means for one instance: the execution that counts, and the ones before it. */
export interface Task extends Execution {
  readonly instanceId: string;
  readonly invokeId: string;
  readonly history: Execution[];
}

/** A command sent to instances. */
export interface Invocation {
  readonly invokeId: string;
  readonly regionId: string;
  readonly sequence: number;
  readonly createdAt: number;
  /** The command as it was when it was sent. */
  readonly command: Readonly<Command>;
  readonly parameters: ReadonlyMap<string, string> | undefined;
  readonly timeout: number;
  readonly workingDir: string;
  readonly username: string;
  /** The name of a password in the parameter store. */
  readonly windowsPasswordName?: string;
  readonly launcher: string;
  readonly repeatMode: RepeatMode;
  readonly frequency: string;
  readonly terminationMode: string;
  readonly containerId: string;
  readonly containerName: string;
  readonly ossOutputDelivery: string;
  readonly resourceGroupId: string;
  tags: ReadonlyMap<string, string>;
  readonly tasks: readonly Task[];
  /** Set by StopInvocation without instance ids: no further occurrence. */
  stopped: boolean;
}

/** A file on its way to one instance. */
export interface FileTask extends Progress {
  readonly instanceId: string;
}

/** A file sent to instances. */
export interface SentFile {
  readonly invokeId: string;
  readonly regionId: string;
  readonly sequence: number;
  readonly createdAt: number;
  readonly name: string;
  readonly description: string;
  readonly targetDir: string;
  /** As it was sent; what is in the file follows from `contentType`. */
  readonly content: string;
  readonly contentType: 'PlainText' | 'Base64';
  readonly mode: string;
  readonly owner: string;
  readonly group: string;
  readonly overwrite: boolean;
  readonly timeout: number;
  readonly resourceGroupId: string;
  tags: ReadonlyMap<string, string>;
  readonly tasks: readonly FileTask[];
}

const NOTHING = Buffer.alloc(0);

/** What is on its way since now. */
export function newProgress(status: TaskStatus, now: number): Progress {
  return {
    status,
    createdAt: now,
    startedAt: undefined,
    finishedAt: undefined,
    stoppedAt: undefined,
    updatedAt: now,
    errorCode: '',
    errorInfo: '',
  };
}

/** A fresh execution. */
export function newExecution(sequence: number, status: TaskStatus, now: number): Execution {
  const progress = newProgress(status, now);
  return {
    ...progress,
    sequence,
    exitCode: undefined,
    output: NOTHING,
    dropped: 0,
    repeats: 0,
    oss: undefined,
  };
}

/** The execution that a task shows, as a record of its own for the history. */
export function recordOf(task: Task): Execution {
  const record: Execution & Partial<Task> = { ...task, oss: task.oss && { ...task.oss } };
  delete (record as Partial<Record<keyof Task, unknown>>).history;
  return record;
}

/** True for invocations that run again and again, and so have a history. */
export function isRepeating({ repeatMode }: Pick<Invocation, 'repeatMode'>): boolean {
  return repeatMode === 'Period' || repeatMode === 'EveryReboot';
}

/** True for invocations that wait for times or starts. */
export function isTimed(invocation: Pick<Invocation, 'repeatMode'>): boolean {
  return invocation.repeatMode !== 'Once';
}
