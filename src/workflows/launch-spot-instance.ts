/**
 * `launchSpotInstance`: RunInstances for one spot instance, and waiting until it runs and its agent answers.
 *
 * Promise: one instance, however often anything is retried. Ends are results (`running`, `not-ready`, `refused`).
 * Cancel: ends the waiting; an instance that was launched stays.
 */
import { defineQuery, setCurrentDetails, setHandler, uuid4 } from '@temporalio/workflow';
import { PROGRESS_QUERY } from '../domain/messages';
import { LAUNCH_SPOT_INSTANCE } from '../domain/spot-messages';
import type { LaunchSpotInput, LaunchSpotProgress, LaunchSpotResult } from '../domain/spot-messages';
import { HEARTBEAT_PRECISION_MS } from '../domain/waiting';
import { instancesKeyOf } from '../domain/watch';
import { refuseBadInput } from './input';
import { launching, readingSpot } from './proxies';
import { Hints } from './waiting';
import { noteOperation } from './search-attributes';

const DEFAULT_MINUTES = 15;

export const launchProgressQuery = defineQuery<LaunchSpotProgress>(PROGRESS_QUERY);

export async function launchSpotInstance(input: LaunchSpotInput): Promise<LaunchSpotResult> {
  const startedAt = new Date().toISOString();
  const hints = new Hints();
  const progress: LaunchSpotProgress = { phase: 'launching', region: input?.region ?? '' };
  setHandler(launchProgressQuery, () => progress);
  await refuseBadInput(LAUNCH_SPOT_INSTANCE, input);
  const { region } = input;
  noteOperation(LAUNCH_SPOT_INSTANCE, { region });
  const answer = await launching.launchInstance({ region, request: requestOf(input), clientToken: uuid4() });
  if ('refused' in answer) {
    progress.phase = 'done';
    const summary = `ECS refused: ${answer.refused}`;
    return { outcome: 'refused', summary, region, error: answer.refused, startedAt, finishedAt: now() };
  }
  const instanceId = answer.launched;
  Object.assign(progress, { phase: 'starting', instanceId });
  setCurrentDetails(`\`${instanceId}\` is starting`);
  noteOperation(LAUNCH_SPOT_INSTANCE, { region, instanceIds: [instanceId] });
  const ready = await becomesReady(hints, input, instanceId);
  progress.phase = 'done';
  const outcome = ready === '' ? 'running' : 'not-ready';
  const summary = ready === '' ? `${instanceId} runs and its agent answers.` : `${instanceId}: ${ready}.`;
  setCurrentDetails(summary);
  return { outcome, summary, region, instanceId, startedAt, finishedAt: now() };
}

/** @returns why not, or `''` */
async function becomesReady(hints: Hints, input: LaunchSpotInput, instanceId: string): Promise<string> {
  const { region, withinMinutes = DEFAULT_MINUTES } = input;
  const since = Date.now();
  const left = (): number => since + withinMinutes * 60_000 - Date.now();
  const key = instancesKeyOf('Running', [instanceId]);
  await hints.wait({ region, kind: 'instances', key, since, withinMs: left() });
  const read = await readingSpot.readNotice({ region, instanceId });
  if (!read) return 'it is gone again';
  if (read.status !== 'Running') return `it is still ${read.status} after ${withinMinutes} min`;
  const of = { region, kind: 'agent', key: instanceId, since: since - HEARTBEAT_PRECISION_MS } as const;
  const agent = await hints.wait({ ...of, withinMs: left() });
  if (agent === 'deadline') return `its agent does not answer within ${withinMinutes} min`;
  // The wait for an agent ends with its instance too.
  return (await readingSpot.readNotice({ region, instanceId })) ? '' : 'it is gone again';
}

function requestOf(input: LaunchSpotInput): Parameters<typeof launching.launchInstance>[0]['request'] {
  const {
    spotPriceLimit,
    spotDuration = 1,
    tags = [],
    imageId,
    instanceType,
    zoneId,
    vSwitchId,
    securityGroupId,
  } = input;
  const {
    instanceName,
    internetMaxBandwidthOut,
    spotInterruptionBehavior,
    keyPairName,
    passwordInherit,
    ramRoleName,
  } = input;
  return {
    imageId,
    instanceType,
    zoneId,
    vSwitchId,
    securityGroupId,
    instanceName,
    internetMaxBandwidthOut,
    spotInterruptionBehavior,
    keyPairName,
    passwordInherit,
    ramRoleName,
    spotStrategy: spotPriceLimit === undefined ? 'SpotAsPriceGo' : 'SpotWithPriceLimit',
    spotPriceLimit,
    spotDuration,
    tags,
  };
}

function now(): string {
  return new Date().toISOString();
}
