/**
 * How commands and invocations look in answers. The rule: ExitCode and times are there only once there is one.
 */
import type { Execution, Invocation, Task } from '../assistant/model';
import { isRepeating, isTimed } from '../assistant/model';
import { isOver } from '../assistant/timed';
import { isEnd, legacyStatus, wholeLegacyStatus, wholeStatus } from '../assistant/vocabulary';
import { seconds } from '../core';

type View = Record<string, unknown>;

/** Encodes CommandContent and Output: Base64 unless PlainText was asked for. */
export function encoder(encoding: string | undefined): (content: Buffer) => string {
  const isPlain = encoding?.toLowerCase() === 'plaintext';
  return (content) => content.toString(isPlain ? 'utf8' : 'base64');
}

/** Tags of an answer. */
export function tagView(tags: ReadonlyMap<string, string>): View {
  return { Tag: [...tags].map(([TagKey, TagValue]) => ({ TagKey, TagValue })) };
}

/** A time that may not have come yet. */
export const timeOf = (at: number | undefined): string => (at === undefined ? '' : seconds(at));

/** What both lists say of an execution. */
function common(execution: Execution, output: string | undefined): View {
  const isOnlyReported = !isEnd(execution.status);
  return {
    InvocationStatus: execution.status,
    ...(execution.exitCode === undefined ? {} : { ExitCode: execution.exitCode }),
    ErrorCode: execution.errorCode,
    ErrorInfo: execution.errorInfo,
    StartTime: timeOf(execution.startedAt),
    StopTime: timeOf(execution.stoppedAt),
    Repeats: execution.repeats,
    Dropped: isOnlyReported ? 0 : execution.dropped,
    ...ossView(execution),
    ...(output === undefined ? {} : { Output: output }),
  };
}

/** Only where a place in OSS was given and the script has started. */
function ossView({ oss }: Execution): View {
  return oss
    ? {
        OssOutputStatus: oss.status,
        OssOutputUri: oss.uri,
        OssOutputErrorCode: oss.errorCode,
        OssOutputErrorInfo: oss.errorInfo,
      }
    : {};
}

/** A row of DescribeInvocationResults. */
export function resultView(invocation: Invocation, task: Task, execution: Execution, output: string): View {
  return {
    ...common(execution, output),
    InvokeId: invocation.invokeId,
    CommandId: invocation.command.commandId,
    InstanceId: task.instanceId,
    // A past occurrence is an end like any other.
    InvokeRecordStatus: legacyStatus(execution.status, execution === task && isRepeating(invocation)),
    FinishedTime: timeOf(execution.finishedAt),
    Username: invocation.username,
    Launcher: invocation.launcher,
    TerminationMode: invocation.terminationMode,
    ContainerId: invocation.containerId,
    ContainerName: invocation.containerName,
    OssOutputDelivery: invocation.ossOutputDelivery,
    Tags: tagView(invocation.tags),
  };
}

/** An entry of InvokeInstances. */
function instanceView(invocation: Invocation, task: Task, output: string | undefined): View {
  return {
    ...common(task, output),
    InstanceId: task.instanceId,
    InstanceInvokeStatus: legacyStatus(task.status, isRepeating(invocation)),
    CreationTime: seconds(task.createdAt),
    FinishTime: timeOf(task.finishedAt),
    UpdateTime: seconds(task.updatedAt),
    Timed: isTimed(invocation),
  };
}

/** What DescribeInvocations can be asked for beside the rows. */
export interface InvocationViewOptions {
  readonly encode: (content: Buffer) => string;
  /** Only this instance is listed. */
  readonly instanceId: string | undefined;
  /** The output of a task, or undefined where none was asked for. */
  readonly outputOf: (task: Task) => Buffer | undefined;
}

/** A row of DescribeInvocations. */
export function invocationView(invocation: Invocation, options: InvocationViewOptions): View {
  const { command, tasks } = invocation;
  const { encode, instanceId, outputOf } = options;
  const statuses = tasks.map((task) => task.status);
  const listed = tasks.filter((task) => instanceId === undefined || task.instanceId === instanceId);
  return {
    InvokeId: invocation.invokeId,
    CommandId: command.commandId,
    CommandName: command.name,
    CommandDescription: command.description,
    CommandType: command.type,
    CommandContent: encode(command.content),
    Parameters: JSON.stringify(Object.fromEntries(invocation.parameters ?? [])),
    InvocationStatus: wholeStatus(statuses),
    InvokeStatus: wholeLegacyStatus(statuses, isRepeating(invocation)),
    CreationTime: seconds(invocation.createdAt),
    RepeatMode: invocation.repeatMode,
    Frequency: invocation.frequency,
    Timed: isTimed(invocation) && !isOver(invocation),
    Timeout: invocation.timeout,
    Username: invocation.username,
    WorkingDir: invocation.workingDir,
    Launcher: invocation.launcher,
    TerminationMode: invocation.terminationMode,
    ContainerId: invocation.containerId,
    ContainerName: invocation.containerName,
    OssOutputDelivery: invocation.ossOutputDelivery,
    Tags: tagView(invocation.tags),
    InvokeInstances: {
      InvokeInstance: listed.map((task) => {
        const output = outputOf(task);
        return instanceView(invocation, task, output && encode(output));
      }),
    },
  };
}
