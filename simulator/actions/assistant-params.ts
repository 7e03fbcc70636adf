/**
 * The parameters that the Cloud Assistant actions share, with their limits and codes. The rule: a limit is stated
 * once, here.
 */
import type { ActionContext, PageLimits } from '../core';
import { EcsError, errors, flag, jsonObject, list, rawText, struct, text } from '../core';
import { OSS_PLACE } from '../assistant/oss';
import type { CommandType } from '../exec';
import type { Instance } from '../model/instance';
import type { RequestTag } from './tag-rules';
import { carries } from './tag-rules';

/** The three kinds of script. */
export const COMMAND_TYPES: readonly CommandType[] = [
  'RunShellScript',
  'RunBatScript',
  'RunPowerShellScript',
];

/** Paging of the Cloud Assistant lists: a bad page is an error, not clamped. */
export const ASSISTANT_PAGES: PageLimits = {
  defaultSize: 10,
  max: 50,
  badSize: [403, 'InvalidParam.PageSize', 'The specified page size is invalid.'],
  badNumber: [403, 'InvalidParam.PageNumber', 'The specified page number is invalid.'],
};

/** Instances of one call. */
export const MOST_INSTANCES = 100;
/** CommandContent after Base64, with the parameters. */
export const LONGEST_CONTENT = 24 * 1024;
const LONGEST_KEPT_BEFORE = 18 * 1024;

const badParameters = (name: string, value: string): EcsError => {
  let parsed: unknown;
  try {
    parsed = JSON.parse(value);
  } catch {
    parsed = undefined;
  }
  return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)
    ? new EcsError(403, 'ParameterType.NotSupported', 'The type of the parameter value is not supported.')
    : new EcsError(400, 'InvalidParameter.Parameters', `The specified parameter ${name} is not valid.`);
};

/** Instance ids of Cloud Assistant actions. */
export const instanceIds = (max: number): ReturnType<typeof list<string | undefined>> =>
  list(text(), {
    max,
    tooMany: [403, 'InstanceIds.ExceedLimit', 'The number of instance IDs exceeds the upper limit.'],
  });

/** Name, Description and the rest of what describes a command. */
export const describing = {
  Name: text({
    max: 128,
    bad: [403, 'CmdName.ExceedLimit', 'The length of the command name exceeds the upper limit.'],
  }),
  Description: text({
    max: 512,
    bad: [403, 'CmdDesc.ExceedLimit', 'The length of the command description exceeds the upper limit.'],
  }),
  WorkingDir: text({
    max: 200,
    bad: [400, 'InvalidParameter.WorkingDir', 'The specified parameter WorkingDir is not valid.'],
  }),
  Launcher: text({
    max: 1024,
    bad: [403, 'InvalidLauncher.LengthLimitExceeded', 'The length of the launcher exceeds the upper limit.'],
  }),
};

/** What a run of a command can say, whether the command is new or kept. */
export const running = {
  InstanceId: instanceIds(MOST_INSTANCES),
  ResourceTag: list(struct({ Key: text(), Value: rawText() }), {
    max: 20,
    tooMany: [400, 'NumberExceed.ResourceTags', 'The maximum number of ResourceTags is exceeded.'],
  }),
  RepeatMode: text({
    oneOf: ['Once', 'Period', 'NextRebootOnly', 'EveryReboot', 'DryRun'],
    bad: [404, 'InvalidRepeatMode.NotFound', 'The specified repeat mode does not exist.'],
  }),
  Frequency: text(),
  TerminationMode: text({
    oneOf: ['Process', 'ProcessTree'],
    bad: [404, 'InvalidTerminationMode.NotFound', 'The specified termination mode does not exist.'],
  }),
  Username: text({
    max: 255,
    bad: [403, 'Username.ExceedLimit', 'The length of the username exceeds the upper limit.'],
  }),
  Parameters: jsonObject({ bad: badParameters }),
  ContainerId: text({
    pattern: /^(?:(?:docker|containerd|cri-o):\/\/)?[0-9a-f]{64}$/,
    bad: [400, 'InvalidContainerId.Malformed', 'The specified container ID is malformed.'],
  }),
  ContainerName: text({
    pattern: /^[A-Za-z0-9][\w.-]*$/,
    bad: [400, 'InvalidContainerName.Malformed', 'The specified container name is malformed.'],
  }),
  OssOutputDelivery: text({
    pattern: OSS_PLACE,
    bad: [
      400,
      'InvalidParameter.OssOutputDelivery',
      'The specified parameter OssOutputDelivery is not valid.',
    ],
  }),
  ResourceGroupId: text({
    pattern: /^rg-/,
    bad: [404, 'InvalidResourceGroup.NotFound', 'The specified resource group does not exist.'],
  }),
  Timed: flag(),
  WindowsPasswordName: text({
    max: 255,
    bad: [
      400,
      'InvalidParameter.WindowsPasswordName',
      'The specified parameter WindowsPasswordName is not valid.',
    ],
  }),
} as const;

/** The content as bytes; what an unknown encoding means differs from action to action. */
export function decodeContent(
  content: string,
  isBase64: boolean,
  bad = new EcsError(403, 'CmdContent.DecodeError', 'The command content cannot be decoded.'),
): Buffer {
  if (!isBase64) return Buffer.from(content, 'utf8');
  const compact = content.replace(/\s+/g, '');
  if (!/^[A-Za-z0-9+/_-]*={0,2}$/.test(compact)) throw bad;
  return Buffer.from(compact, 'base64');
}

/** Refuses content that, with its parameters, is too long once it is encoded. */
export function checkLength(
  context: ActionContext,
  content: Buffer,
  values: ReadonlyMap<string, string> | undefined,
  kept: boolean,
): void {
  const extra = values && values.size > 0 ? Buffer.byteLength(JSON.stringify(Object.fromEntries(values))) : 0;
  const encoded = Math.ceil((content.length + extra) / 3) * 4;
  const isOld = kept && context.simulation.switches.keptCommandLimit === '18K';
  if (encoded > (isOld ? LONGEST_KEPT_BEFORE : LONGEST_CONTENT))
    throw new EcsError(403, 'CmdContent.ExceedLimit', 'The length of the command content exceeds the limit.');
}

/** The status of codes that moved to 400. */
export function movedStatus(context: ActionContext): number {
  return context.simulation.switches.assistantErrorStatus === '2025' ? 400 : 403;
}

/** The instances of a call: by id, or by tag. */
export function targetsOf(
  context: ActionContext,
  ids: readonly string[],
  tags: readonly RequestTag[],
  type: CommandType,
): Instance[] {
  if (ids.length > 0 && tags.length > 0)
    throw new EcsError(
      400,
      'InvalidResourceTag.ConflictWithInstanceIds',
      'ResourceTag and InstanceId cannot be specified at the same time.',
    );
  if (ids.length === 0 && tags.length === 0)
    throw new EcsError(400, 'MissingParam.InstanceId', 'The parameter instanceId is missing or empty.');
  const targets = tags.length > 0 ? byTag(context, tags) : byId(context, ids);
  const wanted = type === 'RunShellScript' ? 'linux' : 'windows';
  if (targets.some((instance) => instance.osType !== wanted))
    throw new EcsError(
      movedStatus(context),
      'InvalidInstance.NotMatch',
      'The specified instances do not match the OS type of the command.',
    );
  refuseStopped(context, targets);
  return targets;
}

/** Where that is set, a call for an instance that does not run is refused. */
export function refuseStopped(context: ActionContext, targets: readonly Instance[]): void {
  if (context.simulation.switches.commandOnStopped === 'reject')
    for (const { status } of targets) if (status !== 'Running') throw errors.incorrectStatus();
}

/** Instances of the region by id; one that is unknown refuses the whole call. */
export function byId(context: ActionContext, ids: readonly string[]): Instance[] {
  return [...new Set(ids)].map((id) => {
    const instance = context.region.instances.get(id);
    if (!instance || !context.isVisible(instance.createdAt)) throw errors.assistantInstanceNotFound();
    return instance;
  });
}

function byTag(context: ActionContext, tags: readonly RequestTag[]): Instance[] {
  if (tags.some(({ Key }) => Key === undefined))
    throw new EcsError(400, 'MissingParameter.ResourceTagKey', 'ResourceTag.Key is required.');
  if (new Set(tags.map(({ Key }) => Key)).size < tags.length)
    throw new EcsError(400, 'Duplicate.ResourceTagKey', 'The ResourceTag contains duplicate keys.');
  const found = [...context.region.instances.values()].filter((instance) =>
    carries(context.searchableTags(instance), tags),
  );
  if (found.length === 0)
    throw new EcsError(
      400,
      'InvalidResourceTag.InstanceNotFound',
      'No instance was found by the specified ResourceTag.',
    );
  if (found.length > MOST_INSTANCES)
    throw new EcsError(403, 'InstanceIds.ExceedLimit', 'The number of instances exceeds the upper limit.');
  return found;
}
