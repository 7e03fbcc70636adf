/**
 * SendFile and DescribeSendFileResults. The rule: what can be seen from the call alone is refused at once; what only the
 * guest knows (its accounts, its disk, its kind of path) is told per instance.
 */
import { cloudAssistant } from '../assistant';
import type { FileTask, SentFile } from '../assistant/model';
import { wholeStatus } from '../assistant/vocabulary';
import { defineAction, EcsError, flag, missingParam, number, seconds, text } from '../core';
import { ordered, sentFilters, sentMatching } from './assistant-listing';
import {
  ASSISTANT_PAGES,
  byId,
  decodeContent,
  instanceIds,
  refuseStopped,
  running,
} from './assistant-params';
import { tagView, timeOf } from './assistant-views';
import { ASSISTANT_KEY, newTags, tagList } from './tag-rules';

/** Content after Base64. */
const LONGEST_FILE = 32 * 1024;
const DEFAULT_TIMEOUT = 60;
const SHORTEST_TIMEOUT = 10;

const unreadable = new EcsError(403, 'FileContent.DecodeError', 'The file content cannot be decoded.');

/** Owner and group: their length is documented, a code is not. */
const account = (name: string): ReturnType<typeof text> =>
  text({ max: 64, bad: [400, `InvalidParameter.${name}`, `The specified parameter ${name} is not valid.`] });

/** SendFile: one file to up to fifty instances. */
export const sendFile = defineAction({
  name: 'SendFile',
  required: ['RegionId', 'Name', 'TargetDir', 'Content', 'InstanceId'],
  missing: missingParam,
  quota: 'run',
  clientToken: [400, 'InvalidClientToken.Malformed', 'The specified ClientToken is malformed.'],
  params: {
    RegionId: text(),
    Name: text({
      max: 255,
      bad: [403, 'FileName.ExceedLimit', 'The length of the file name exceeds the upper limit.'],
    }),
    TargetDir: text({
      max: 255,
      // A path of either system; which of the two an instance has, its agent knows.
      pattern: /^(?:\/|[A-Za-z]:[\\/])/,
      bad: [403, 'FileTargetDir.Invalid', 'The specified target directory is invalid.'],
    }),
    Content: text(),
    ContentType: text({
      oneOf: ['PlainText', 'Base64'],
      bad: [403, 'FileContentType.Invalid', 'The specified content type is invalid.'],
    }),
    Description: text({
      max: 512,
      bad: [403, 'FileDesc.ExceedLimit', 'The length of the file description exceeds the upper limit.'],
    }),
    FileMode: text({
      pattern: /^[0-7]{3,4}$/,
      bad: [403, 'FileMode.Invalid', 'The specified file mode is invalid.'],
    }),
    FileOwner: account('FileOwner'),
    FileGroup: account('FileGroup'),
    Overwrite: flag(),
    Timeout: number({ min: 1 }),
    ResourceGroupId: running.ResourceGroupId,
    Tag: tagList([400, 'NumberExceed.Tags', 'The maximum number of Tags is exceeded.']),
    InstanceId: instanceIds(50),
  },
  handle(context, params) {
    const contentType = params.ContentType === 'Base64' ? 'Base64' : 'PlainText';
    const { length } = decodeContent(params.Content, contentType === 'Base64', unreadable);
    if (Math.ceil(length / 3) * 4 > LONGEST_FILE)
      throw new EcsError(403, 'FileSize.ExceedLimit', 'The size of the file exceeds the upper limit.');
    const tags = newTags(params.Tag, ASSISTANT_KEY);
    const instances = byId(context, params.InstanceId);
    refuseStopped(context, instances);
    const file = cloudAssistant(context.simulation).sendFile({
      regionId: context.region.regionId,
      name: params.Name,
      targetDir: params.TargetDir,
      content: params.Content,
      contentType,
      description: params.Description ?? '',
      mode: params.FileMode ?? '0644',
      owner: params.FileOwner ?? 'root',
      group: params.FileGroup ?? 'root',
      overwrite: params.Overwrite ?? false,
      timeout: Math.max(SHORTEST_TIMEOUT, params.Timeout ?? DEFAULT_TIMEOUT),
      resourceGroupId: params.ResourceGroupId ?? '',
      tags,
      instanceIds: instances.map((instance) => instance.instanceId),
      requestId: context.requestId,
    });
    return { InvokeId: file.invokeId };
  },
});

/** DescribeSendFileResults: one row per file, its instances in it. */
export const describeSendFileResults = defineAction({
  name: 'DescribeSendFileResults',
  required: ['RegionId'],
  missing: missingParam,
  quota: 'describe',
  params: { RegionId: text(), Name: text(), InvocationStatus: text(), ...sentFilters },
  handle(context, params) {
    const { Name: name, InvocationStatus: wanted, InstanceId: instanceId } = params;
    const listed = ({ tasks }: SentFile): readonly FileTask[] =>
      tasks.filter((task) => instanceId === undefined || task.instanceId === instanceId);
    const found = sentMatching(context, cloudAssistant(context.simulation).store.files, params).filter(
      (file) =>
        (name === undefined || file.name === name) &&
        // With an instance in the question it is that instance's status that counts.
        (wanted === undefined || statusOf(listed(file), instanceId !== undefined) === wanted),
    );
    const page = context.page(ordered(context, found), (row) => row.order, params, ASSISTANT_PAGES);
    const views = page.items.map(({ sent }) => fileView(sent, listed(sent)));
    return { ...page.fields, Invocations: { Invocation: views } };
  },
});

function statusOf(tasks: readonly FileTask[], isOne: boolean): string {
  return isOne ? (tasks[0]?.status ?? '') : wholeStatus(tasks.map((task) => task.status));
}

function fileView(file: SentFile, listed: readonly FileTask[]): Record<string, unknown> {
  return {
    InvokeId: file.invokeId,
    Name: file.name,
    Description: file.description,
    TargetDir: file.targetDir,
    Content: file.content,
    ContentType: file.contentType,
    FileMode: file.mode,
    FileOwner: file.owner,
    FileGroup: file.group,
    Overwrite: String(file.overwrite),
    VmCount: file.tasks.length,
    CreationTime: seconds(file.createdAt),
    InvocationStatus: statusOf(file.tasks, false),
    Tags: tagView(file.tags),
    InvokeInstances: {
      InvokeInstance: listed.map((task) => ({
        InstanceId: task.instanceId,
        InvocationStatus: task.status,
        ErrorCode: task.errorCode,
        ErrorInfo: task.errorInfo,
        CreationTime: seconds(task.createdAt),
        StartTime: timeOf(task.startedAt),
        FinishTime: timeOf(task.finishedAt),
        UpdateTime: seconds(task.updatedAt),
      })),
    },
  };
}
