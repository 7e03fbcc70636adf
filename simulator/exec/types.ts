/**
 * What it means to run a command in the guest of an instance, whatever runs it.
 * The rule: an executor knows scripts and endings only; the words of the API are put to them by Cloud Assistant.
 */

import type { GuestFiles } from './guest-files';

/** How commands are run: in a sandbox, as the person who started the simulator, or answered from prepared data. */
export type ExecMode = 'sandbox' | 'shell' | 'canned';

/** The three kinds of script the API knows. */
export type CommandType = 'RunShellScript' | 'RunBatScript' | 'RunPowerShellScript';

/** What a script can see of its instance. */
export interface Guest {
  readonly id: string;
  readonly name: string;
  readonly hostName: string;
  readonly regionId: string;
  readonly osType: 'linux' | 'windows';
  /** Changes with every start of the guest. */
  readonly bootId: string;
  /** When the guest was started, in the simulator's time. */
  readonly bootedAt: number;
  readonly cpus: number;
  readonly memoryMb: number;
  readonly privateIp: string;
  /** When the provider takes the instance back; what its metadata says. */
  readonly reclaimedAt?: number;
}

/** One script on one instance. */
export interface Job {
  /** Unique per execution; letters, digits, `-` and `_`. */
  readonly id: string;
  readonly guest: Guest;
  readonly type: CommandType;
  /** The script, parameters already put in. */
  readonly content: Buffer;
  readonly timeoutMs: number;
  readonly workingDirectory?: string;
  readonly username?: string;
  /** What starts the script, when it is not the shell; canned mode takes no notice. */
  readonly launcher?: string;
  /** Whether output is reported while the script runs (never for timed tasks). */
  readonly reportsWhileRunning: boolean;
  /** Called once, when the script really starts; a job may wait for a free place before. */
  onStart(): void;
  /** Called with everything the script writes, also with what is not kept. */
  onOutput?(chunk: Buffer): void;
}

/** One file for one instance. */
export interface FileJob {
  /** As `Job.id`. */
  readonly id: string;
  readonly guest: Guest;
  /** Absolute, in the words of the guest's system: `/etc/app` or `C:\\app`. */
  readonly directory: string;
  readonly name: string;
  readonly content: Buffer;
  /** Octal, as chmod takes it; without meaning on Windows, as are owner and group. */
  readonly mode: string;
  readonly owner: string;
  readonly group: string;
  readonly overwrite: boolean;
  readonly timeoutMs: number;
  /** Called once, when the file is really being written. */
  onStart(): void;
}

/** Why a file could not be written, in the API's words. */
export const FILE_CODES = [
  'FileCreateFail',
  'FileAlreadyExists',
  'FileContentInvalid',
  'FileNameInvalid',
  'FilePathInvalid',
  'FileAuthorityInvalid',
  'UserGroupNotExists',
] as const;

/** Why a script or file could not be carried out, in the API's words. */
export const FAILURE_CODES = [
  'AccountNotExists',
  'DirectoryNotExists',
  'CommandNotApplicable',
  'ExecutionException',
  'ExecutionInterrupted',
  'ClientNotRunning',
  'ClientNotResponse',
  'ClientIsUpgrading',
  'ClientNeedUpgrade',
  'DeliveryTimeout',
  'SecurityGroupRuleDenied',
  'InstanceNotExists',
  'InstanceReleased',
  'InstanceNotRunning',
  'BadCronExpression',
  ...FILE_CODES,
] as const;
/** One of them. */
export type FailureCode = (typeof FAILURE_CODES)[number];

/** How a job ended. */
export type Ending =
  | { readonly kind: 'exited'; readonly exitCode: number }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'killed' }
  | { readonly kind: 'failed'; readonly code: FailureCode; readonly message: string };

/** A finished job: what is kept of its output and how many bytes were cut from the middle. */
export interface Finished {
  readonly ending: Ending;
  readonly output: Buffer;
  readonly dropped: number;
}

/** A job under way. `done` always fulfils. */
export interface RunningJob {
  readonly done: Promise<Finished>;
  /** What has been reported so far. */
  output(): Buffer;
  /** Ends the script and everything it started; safe at any moment. */
  kill(): void;
}

/** Something that runs jobs. */
export interface Executor {
  readonly mode: ExecMode;
  /** What guests have written. */
  readonly files: GuestFiles;
  run(job: Job): RunningJob;
  /** Writes a file; `exited` with 0 means that it is there. */
  send(file: FileJob): RunningJob;
  /** Removes what an instance left behind; called when it is released. */
  forget(instanceId: string): Promise<void>;
  /** Ends every job and waits until all are gone. */
  close(): Promise<void>;
}

/** Timers of the simulator's time, for executors that only pretend. */
export interface Timers {
  now(): number;
  at(due: number, run: () => void): { cancel(): void };
}
