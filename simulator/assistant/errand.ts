/**
 * What is carried to an instance: a command or a file. The rule: how it gets there and what its end means is the
 * dispatcher's business; here is only in what the two differ.
 */
import type { Executor, Finished, RunningJob } from '../exec';
import type { Instance } from '../model/instance';
import { guestOf, scriptOf } from './guest';
import type { FileTask, Invocation, Progress, SentFile, Task } from './model';
import type { Secrets, Unable } from './obstacles';
import { unableOf } from './obstacles';
import type { Delivery, OssBuckets } from './oss';
import { isEnd } from './vocabulary';

/** Something for one instance. */
export interface Errand {
  readonly task: Progress & { readonly instanceId: string };
  readonly regionId: string;
  readonly timeoutMs: number;
  /** The first word of its effects in the ledger. */
  readonly effects: 'command' | 'file';
  /** What its effects tell. */
  detail(): Readonly<Record<string, unknown>>;
  /** Hands it to the executor. `run` is another number each time. */
  start(executor: Executor, instance: Instance, run: number, onStart: () => void): RunningJob;
  /** Why this agent and this guest cannot do it; `undefined` where they can. */
  unable?(instance: Instance): Unable | undefined;
  /** It has started. */
  started?(now: number): void;
  /** Takes over what came of it. */
  take?(finished: Finished): void;
  /** Its task has ended. */
  ended?(): void;
}

/** A command for one instance. */
export function commandErrand(
  invocation: Invocation,
  task: Task,
  stores: { readonly buckets: OssBuckets; readonly secrets: Secrets },
  ended: () => void,
): Errand {
  const { invokeId, command, regionId, timeout, repeatMode } = invocation;
  let delivery: Delivery | undefined;
  return {
    task,
    regionId,
    timeoutMs: timeout * 1_000,
    effects: 'command',
    detail: () => ({
      invokeId,
      commandId: command.commandId,
      ...(isEnd(task.status) ? { status: task.status, exitCode: task.exitCode } : {}),
    }),
    unable: (instance) => unableOf(instance, invocation, stores.secrets),
    start: (executor, instance, run, onStart) =>
      executor.run({
        id: `${invokeId}-${run}`,
        guest: guestOf(instance),
        type: command.type,
        content: scriptOf(invocation, instance),
        timeoutMs: timeout * 1_000,
        ...(invocation.workingDir ? { workingDirectory: invocation.workingDir } : {}),
        ...(invocation.username ? { username: invocation.username } : {}),
        ...(invocation.launcher ? { launcher: invocation.launcher } : {}),
        reportsWhileRunning: repeatMode !== 'Period',
        onStart,
        onOutput: (chunk) => delivery?.write(chunk),
      }),
    started(now) {
      const name = `${invokeId}/${task.instanceId}${repeatMode === 'Once' ? '' : `-${now}`}`;
      delivery = stores.buckets.open(invocation.ossOutputDelivery, name);
      task.oss = delivery?.output;
      task.repeats += 1;
    },
    take({ ending, output, dropped }) {
      Object.assign(task, { output, dropped });
      if (ending.kind === 'exited') task.exitCode = ending.exitCode;
    },
    ended() {
      delivery?.end();
      ended();
    },
  };
}

/** A file for one instance. */
export function fileErrand(file: SentFile, task: FileTask): Errand {
  const { invokeId, regionId, timeout, targetDir, name } = file;
  return {
    task,
    regionId,
    timeoutMs: timeout * 1_000,
    effects: 'file',
    detail: () => ({
      invokeId,
      targetDir,
      name,
      ...(isEnd(task.status) ? { status: task.status, errorCode: task.errorCode } : {}),
    }),
    start(executor, instance, run, onStart) {
      const guest = guestOf(instance);
      const wrong = refusal(file, guest.osType === 'windows');
      if (wrong) return refused(wrong);
      return executor.send({
        id: `${invokeId}-${run}`,
        guest,
        directory: targetDir,
        name,
        content: contentOf(file),
        mode: file.mode,
        owner: file.owner,
        group: file.group,
        overwrite: file.overwrite,
        timeoutMs: timeout * 1_000,
        onStart,
      });
    },
  };
}

/** The bytes of a file. */
function contentOf({ content, contentType }: Pick<SentFile, 'content' | 'contentType'>): Buffer {
  return Buffer.from(content, contentType === 'Base64' ? 'base64' : 'utf8');
}

/** What the agent refuses by itself: names that are paths, and directories that its system does not have. */
function refusal(
  { name, targetDir }: SentFile,
  isWindows: boolean,
): 'FileNameInvalid' | 'FilePathInvalid' | undefined {
  const isName =
    !/[/\0]/.test(name) && name !== '.' && name !== '..' && !(isWindows && /[\\:*?"<>|]/.test(name));
  if (!isName) return 'FileNameInvalid';
  const isPath = (isWindows ? /^[A-Za-z]:[\\/]/ : /^\//).test(targetDir) && !targetDir.includes('\0');
  return isPath ? undefined : 'FilePathInvalid';
}

function refused(code: 'FileNameInvalid' | 'FilePathInvalid'): RunningJob {
  const output = Buffer.alloc(0);
  const ending = { kind: 'failed', code, message: '' } as const;
  return {
    done: Promise.resolve({ ending, output, dropped: 0 }),
    output: () => output,
    kill: () => undefined,
  };
}
