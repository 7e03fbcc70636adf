/**
 * `steward spot launch|relaunch|status|drill`: starting and looking at the workflows around spot instances.
 *
 * The one rule: what would lose an instance has to be typed twice, as a command and as --yes.
 */
import { randomUUID } from 'node:crypto';
import { WorkflowNotFoundError } from '@temporalio/client';
import { PROGRESS_QUERY, taskQueueOf } from '../domain/messages';
import {
  DRILL_SPOT_RECLAIM,
  LAUNCH_SPOT_INSTANCE,
  RELAUNCH_SPOT_INSTANCE,
  spotDrillIdOf,
  spotIdOf,
  urgentQueueOf,
} from '../domain/spot-messages';
import type {
  LaunchSpotInput,
  LaunchSpotResult,
  RelaunchSpotResult,
  SpotDrillResult,
  SpotOutcome,
  SpotProgress,
} from '../domain/spot-messages';
import { stripControl } from '../domain/text';
import type { Temporal } from './connection';
import { CliError, EXIT, usageError } from './exit';
import type { ExitCode } from './exit';
import type { Context } from './inspect';
import { regionOf, withTemporal } from './region';
import type { RegionOptions } from './region';
import { QUERY_TIMEOUT_MS } from './run-progress';
import { tagOf } from './run-options';
import { selfCommand } from './self';
import { follow } from './spot-follow';
import { rescueText } from './spot-text';

export interface LaunchOptions extends RegionOptions {
  image: string;
  type: string;
  securityGroup: string;
  zone?: string;
  vswitch?: string;
  name?: string;
  bandwidth?: string;
  duration?: string;
  priceLimit?: string;
  behavior?: string;
  keyPair?: string;
  passwordInherit?: boolean;
  role?: string;
  tag: string[];
  detach?: boolean;
}

const EXIT_CODES: Record<SpotOutcome, ExitCode> = {
  relaunched: EXIT.ok,
  withdrawn: EXIT.ok,
  'not-locked': EXIT.ok,
  'stopped-not-released': EXIT.someFailed,
  'saved-not-launched': EXIT.someFailed,
  escalated: EXIT.someFailed,
  'not-found': EXIT.notCarriedOut,
};

/** `steward spot launch`. */
export async function launch(options: LaunchOptions, { config, terminal }: Context): Promise<ExitCode> {
  const input = launchInputOf(options, regionOf(options, config));
  return withTemporal(config, { worker: true }, async (temporal) => {
    const handle = await temporal.client.workflow.start(LAUNCH_SPOT_INSTANCE, {
      workflowId: `spot-launch/${temporal.account}/${input.region}/${randomUUID()}`,
      taskQueue: taskQueueOf(temporal.account),
      args: [input],
      staticSummary: `launch of a spot instance in ${input.region}`,
    });
    return follow<LaunchSpotResult>({ temporal, handle, terminal, options }, (result) => {
      const code = result.outcome === 'running' ? EXIT.ok : EXIT.someFailed;
      return { code, text: stripControl(result.summary) };
    });
  });
}

/** `steward spot relaunch ID`: starts the rescue, or joins the one that runs. */
export async function relaunch(
  instanceId: string,
  options: RegionOptions & { detach?: boolean },
  { config, terminal }: Context,
): Promise<ExitCode> {
  const region = regionOf(options, config);
  requireInstanceId(instanceId);
  return withTemporal(config, { worker: true }, async (temporal) => {
    const handle = await temporal.client.workflow.start(RELAUNCH_SPOT_INSTANCE, {
      workflowId: spotIdOf(temporal.account, region, instanceId),
      taskQueue: urgentQueueOf(temporal.account),
      args: [{ region, instanceId }],
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      workflowIdConflictPolicy: 'USE_EXISTING',
      staticSummary: `rescue of ${instanceId} in ${region}`,
    });
    return follow<RelaunchSpotResult>({ temporal, handle, terminal, options }, (result) => ({
      code: EXIT_CODES[result.outcome],
      text: rescueText(result),
    }));
  });
}

/** `steward spot drill ID --yes`. */
export async function drill(
  instanceId: string,
  options: RegionOptions & { yes?: boolean; detach?: boolean },
  { config, terminal }: Context,
): Promise<ExitCode> {
  const region = regionOf(options, config);
  requireInstanceId(instanceId);
  if (!options.yes)
    throw usageError([
      { path: '--yes', message: `is missing: ${instanceId} would be taken back for real, and be lost` },
    ]);
  return withTemporal(config, { worker: true }, async (temporal) => {
    const handle = await temporal.client.workflow.start(DRILL_SPOT_RECLAIM, {
      workflowId: spotDrillIdOf(temporal.account, region, instanceId),
      taskQueue: taskQueueOf(temporal.account),
      args: [{ region, instanceId }],
      workflowIdConflictPolicy: 'USE_EXISTING',
      staticSummary: `drill of a reclaim of ${instanceId} in ${region}`,
    });
    return follow<SpotDrillResult>({ temporal, handle, terminal, options }, (result) => ({
      code:
        result.outcome === 'passed'
          ? EXIT.ok
          : result.outcome === 'refused'
            ? EXIT.notCarriedOut
            : EXIT.someFailed,
      text: [
        `Drill: ${result.outcome}`,
        ...(result.rescue ? [rescueText(result.rescue)] : [stripControl(result.summary)]),
      ].join('\n'),
    }));
  });
}

/** `steward spot status [ID]`. */
export async function status(
  instanceId: string | undefined,
  options: RegionOptions,
  { config, terminal }: Context,
): Promise<ExitCode> {
  const region = regionOf(options, config);
  return withTemporal(config, { worker: false }, async (temporal) => {
    const ids =
      instanceId === undefined
        ? await runningRescues(temporal, region)
        : [spotIdOf(temporal.account, region, instanceId)];
    const found = await Promise.all(ids.map((id) => rescueOf(temporal, id)));
    if (instanceId !== undefined && found[0] === undefined)
      throw new CliError(
        EXIT.notCarriedOut,
        `There was never a rescue of ${stripControl(instanceId)}: ${ids[0] ?? ''}`,
      );
    const rescues = found.filter((each) => each !== undefined);
    const texts = rescues.map(({ workflowId, status: now, rescue }) =>
      [
        `${workflowId}  ${now.toLowerCase()}`,
        ...(rescue ? [rescueText(rescue)] : ['no worker answers just now']),
      ].join('\n'),
    );
    const none = `No rescue runs in ${region}. Is somebody looking? ${selfCommand()} patrol status --region ${region}`;
    if (options.json) terminal.result(JSON.stringify({ rescues }, null, 2));
    else terminal.result(texts.length === 0 ? none : texts.join('\n\n'));
    return EXIT.ok;
  });
}

interface RescueStatus {
  workflowId: string;
  status: string;
  rescue?: RelaunchSpotResult | SpotProgress;
}

async function runningRescues({ client, account }: Temporal, region: string): Promise<string[]> {
  const query = `WorkflowType = '${RELAUNCH_SPOT_INSTANCE}' AND ExecutionStatus = 'Running'`;
  const ids: string[] = [];
  for await (const { workflowId } of client.workflow.list({ query }))
    if (workflowId.startsWith(spotIdOf(account, region, ''))) ids.push(workflowId);
  return ids;
}

async function rescueOf(
  { client, connection }: Temporal,
  workflowId: string,
): Promise<RescueStatus | undefined> {
  const handle = client.workflow.getHandle<() => Promise<RelaunchSpotResult>>(workflowId);
  try {
    const { name } = (await handle.describe()).status;
    if (name === 'COMPLETED') return { workflowId, status: name, rescue: await handle.result() };
    const query = (): Promise<SpotProgress> => handle.query<SpotProgress>(PROGRESS_QUERY);
    const rescue = await connection.withDeadline(Date.now() + QUERY_TIMEOUT_MS, query).catch(() => undefined);
    return { workflowId, status: name, ...(rescue && { rescue }) };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}

function launchInputOf(options: LaunchOptions, region: string): LaunchSpotInput {
  const {
    zone,
    vswitch,
    name,
    bandwidth,
    duration,
    priceLimit,
    behavior,
    keyPair,
    passwordInherit,
    role,
    tag,
  } = options;
  const tags = tag.map(tagOf).map(({ key, value = '' }) => ({ key, value }));
  return {
    region,
    imageId: options.image,
    instanceType: options.type,
    securityGroupId: options.securityGroup,
    ...(zone !== undefined && { zoneId: zone }),
    ...(vswitch !== undefined && { vSwitchId: vswitch }),
    ...(name !== undefined && { instanceName: name }),
    ...(bandwidth !== undefined && { internetMaxBandwidthOut: Number(bandwidth) }),
    // The workflow refuses what is neither 0 nor 1.
    ...(duration !== undefined && { spotDuration: Number(duration) as 0 | 1 }),
    ...(priceLimit !== undefined && { spotPriceLimit: Number(priceLimit) }),
    ...(behavior !== undefined && { spotInterruptionBehavior: behavior as 'Terminate' | 'Stop' }),
    ...(keyPair !== undefined && { keyPairName: keyPair }),
    ...(passwordInherit && { passwordInherit }),
    ...(role !== undefined && { ramRoleName: role }),
    ...(tags.length > 0 && { tags }),
  };
}

function requireInstanceId(text: string): void {
  if (/^i-[a-z0-9]{1,62}$/.test(text)) return;
  throw usageError([{ path: 'instance', message: 'is not an instance id; they look like i-bp1abc' }]);
}
