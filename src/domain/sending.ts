/**
 * What a run sends: a command or a file. One engine sends both; here is in what they differ, as far as it is no call.
 *
 * The one rule: what is sent is told by the input alone, so that a run and its preview cannot disagree about it.
 */
import { WORKFLOW_TYPES } from './messages';
import type { RunCommandInput } from './messages';
import { MAX_BATCH } from './plan';
import type { Need } from './plan';
import { DEFAULT_TIMEOUT_SECONDS } from './waiting';

/** A file, as SendFile takes it. */
export interface FileSpec {
  /** Its name on the instances, without a directory; at most 255 characters. */
  name: string;
  /** Absolute, `/etc/app` or `C:\app`; made where it is missing. At most 255 characters. */
  targetDirectory: string;
  /** Not empty; at most 32 KB after Base64 (24 KB of file). */
  content: string;
  /** What `content` is. Default PlainText. */
  contentType?: 'PlainText' | 'Base64';
  /** Octal, as chmod takes it: `0644`, which is the default. Linux only, as owner and group are. */
  mode?: string;
  /** Default root. */
  owner?: string;
  /** Default root. */
  group?: string;
  /** Default false: where a file of that name is there already, the instance fails with FileAlreadyExists. */
  overwrite?: boolean;
  /** Kept with the file in Cloud Assistant; at most 512 characters. */
  description?: string;
  /** Seconds for the file to be written on each instance; 10 to 86,400, default 60. */
  timeoutSeconds?: number;
}

/** Input of the workflow `sendFile`: that of `runCommand` with a file in the place of the command. */
export interface SendFileInput extends Omit<RunCommandInput, 'command'> {
  file: FileSpec;
}

/** Input of either. */
export type RunInput = RunCommandInput | SendFileInput;

export interface Sending {
  workflow: 'runCommand' | 'sendFile';
  /** For people. */
  what: 'command' | 'file';
  action: 'RunCommand' | 'SendFile';
  need: Need;
  /** Instances a call takes. */
  maxBatch: number;
  timeoutSeconds: number;
}

/** SendFile takes at most this many instance ids a call. */
const MAX_FILE_BATCH = 50;

/** How a path on Windows begins; every other one is of Linux. */
export const WINDOWS_PATH = /^[A-Za-z]:[\\/]/;

export function isFileInput(input: RunInput): input is SendFileInput {
  return 'file' in input;
}

export function sendingOf(input: RunInput): Sending {
  if (isFileInput(input)) {
    const { targetDirectory, timeoutSeconds = DEFAULT_TIMEOUT_SECONDS } = input.file;
    return {
      workflow: WORKFLOW_TYPES.sendFile,
      what: 'file',
      action: 'SendFile',
      need: WINDOWS_PATH.test(targetDirectory) ? 'WindowsPath' : 'LinuxPath',
      maxBatch: MAX_FILE_BATCH,
      timeoutSeconds,
    };
  }
  const { type, timeoutSeconds = DEFAULT_TIMEOUT_SECONDS } = input.command;
  return {
    workflow: WORKFLOW_TYPES.runCommand,
    what: 'command',
    action: 'RunCommand',
    need: type,
    maxBatch: MAX_BATCH,
    timeoutSeconds,
  };
}

/** Where the file goes, as people write it. */
export function pathOf({ targetDirectory, name }: FileSpec): string {
  const parting = WINDOWS_PATH.test(targetDirectory) ? '\\' : '/';
  return /[/\\]$/.test(targetDirectory) ? `${targetDirectory}${name}` : `${targetDirectory}${parting}${name}`;
}
