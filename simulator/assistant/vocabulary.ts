/**
 * The three vocabularies in which the API tells how a command went. The rule: a status is kept once, per
 * instance; everything else is derived here.
 */
import type { FailureCode } from '../exec';

/** How a command goes on one instance (`InvocationStatus`). */
export type TaskStatus =
  | 'Pending'
  | 'Scheduled'
  | 'Running'
  | 'Success'
  | 'Failed'
  | 'Invalid'
  | 'Aborted'
  | 'Error'
  | 'Timeout'
  | 'Stopping'
  | 'Terminated'
  | 'Cancelled';

/** How a command goes on all its instances (`InvocationStatus` of the whole). */
export type InvocationStatus =
  'Pending' | 'Scheduled' | 'Running' | 'Success' | 'Failed' | 'PartialFailed' | 'Stopping' | 'Stopped';

/** The older vocabulary (`InvokeStatus`, `InstanceInvokeStatus`, `InvokeRecordStatus`). */
export type LegacyStatus =
  'Running' | 'Finished' | 'Success' | 'Failed' | 'PartialFailed' | 'Stopping' | 'Stopped';

/** The order in which a status that is no end colours the whole. */
const LIVE = ['Pending', 'Running', 'Scheduled', 'Stopping'] as const;

const LEGACY: Readonly<Record<TaskStatus, LegacyStatus>> = {
  Pending: 'Running',
  Scheduled: 'Running',
  Running: 'Running',
  Stopping: 'Stopping',
  Success: 'Finished',
  // The quirk of the older field: a script that ran to its end has finished, whatever its exit code.
  Failed: 'Finished',
  Invalid: 'Failed',
  Aborted: 'Failed',
  Error: 'Failed',
  Timeout: 'Failed',
  Terminated: 'Stopped',
  Cancelled: 'Stopped',
};

/** True when nothing more will happen. */
export function isEnd(status: TaskStatus): boolean {
  return !LIVE.some((live) => live === status);
}

/** The status of the whole, by the first rule that fits. */
export function wholeStatus(statuses: readonly TaskStatus[]): InvocationStatus {
  for (const live of LIVE) if (statuses.includes(live)) return live;
  const stopped = statuses.filter((status) => status === 'Cancelled' || status === 'Terminated').length;
  const succeeded = statuses.filter((status) => status === 'Success').length;
  if (stopped === statuses.length) return 'Stopped';
  if (succeeded + stopped === statuses.length) return 'Success';
  return succeeded === 0 ? 'Failed' : 'PartialFailed';
}

/** The older status of one instance; what repeats goes on until it is stopped or its last time went well. */
export function legacyStatus(status: TaskStatus, repeats = false): LegacyStatus {
  if (!repeats || !isEnd(status)) return LEGACY[status];
  return status === 'Success' ? 'Success' : 'Stopped';
}

/** The older status of the whole. */
export function wholeLegacyStatus(statuses: readonly TaskStatus[], repeats = false): LegacyStatus {
  const each = statuses.map((status) => legacyStatus(status, repeats));
  if (each.includes('Running')) return 'Running';
  if (each.includes('Stopping')) return 'Stopping';
  if (each.every((status) => status === 'Stopped')) return 'Stopped';
  if (repeats) return each.includes('Success') ? 'Success' : 'Stopped';
  if (each.every((status) => status === 'Failed')) return 'Failed';
  return each.includes('Failed') ? 'PartialFailed' : 'Finished';
}

/** An ErrorCode of one instance: the status it leads to and its text. */
interface ErrorWord {
  readonly status: TaskStatus;
  readonly text: string;
}

/** The codes that are no failure to carry out, but an end of the script itself. */
type EndCode = 'ExitCodeNonzero' | 'ExecutionTimeout';

/** Every ErrorCode with its text and the status it comes with. */
export const ERROR_WORDS: Readonly<Record<FailureCode | EndCode, ErrorWord>> = {
  InstanceNotExists: { status: 'Aborted', text: 'The specified instance does not exist.' },
  InstanceReleased: {
    status: 'Error',
    text: 'The specified instance was released during task execution.',
  },
  InstanceNotRunning: {
    status: 'Aborted',
    text: 'The specified instance was not running during task execution.',
  },
  CommandNotApplicable: {
    status: 'Invalid',
    text: 'The OS type of the instance does not support the specified command type.',
  },
  AccountNotExists: { status: 'Invalid', text: 'The specified account does not exist.' },
  DirectoryNotExists: { status: 'Invalid', text: 'The specified directory does not exist.' },
  BadCronExpression: { status: 'Invalid', text: 'The cron expression is invalid.' },
  ClientNotRunning: { status: 'Aborted', text: 'The aliyun service is not running on the instance.' },
  ClientNotResponse: { status: 'Aborted', text: 'The aliyun service in the instance does not response.' },
  ClientIsUpgrading: {
    status: 'Aborted',
    text: 'The aliyun service in the instance is upgrading during task execution.',
  },
  ClientNeedUpgrade: {
    status: 'Aborted',
    text: 'The aliyun service in the instance need to be upgraded to at least version 2.2.3.309.',
  },
  DeliveryTimeout: { status: 'Aborted', text: 'The command delivery has been timeout.' },
  ExecutionTimeout: { status: 'Timeout', text: 'The command execution has been timeout.' },
  ExecutionException: { status: 'Error', text: 'The command execution got an exception.' },
  ExecutionInterrupted: { status: 'Error', text: 'The command execution has been interrupted.' },
  ExitCodeNonzero: { status: 'Failed', text: 'The command execution exit code is not zero.' },
  SecurityGroupRuleDenied: {
    status: 'Aborted',
    text: 'The security group rules denied access to the aliyun service.',
  },
  FileCreateFail: { status: 'Failed', text: 'The file failed to be created.' },
  FileAlreadyExists: { status: 'Failed', text: 'A file with the same name already exists.' },
  FileContentInvalid: { status: 'Invalid', text: 'The file content is invalid.' },
  FileNameInvalid: { status: 'Invalid', text: 'The file name is invalid.' },
  FilePathInvalid: { status: 'Invalid', text: 'The file path is invalid.' },
  FileAuthorityInvalid: { status: 'Invalid', text: 'The file permissions are invalid.' },
  UserGroupNotExists: { status: 'Invalid', text: 'The specified user group does not exist.' },
};
