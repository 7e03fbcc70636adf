/**
 * Launching the replacement and making sure that it serves.
 *
 * The one rule: a place that has no room is no failure; places are tried in order, again and again with growing gaps,
 * until the policy's time is over or the instance turns out to stay.
 */
import { condition, sleep, uuid4 } from '@temporalio/workflow';
import { candidateText } from '../domain/spot-candidates';
import type { Candidate } from '../domain/spot-candidates';
import { replacementRequest } from '../domain/spot-launch';
import type { SavedState } from '../domain/spot-messages';
import type { SpotRecord } from '../domain/spot-record';
import { HEARTBEAT_PRECISION_MS } from '../domain/waiting';
import { instancesKeyOf } from '../domain/watch';
import { isLost, note, recordOf, runOn } from './spot-context';
import { messageOf } from './failure-text';
import type { SpotContext } from './spot-context';
import { launching, readingSpot } from './proxies';

const FIRST_GAP_MS = 15_000;
const LONGEST_GAP_MS = 300_000;
/** Attempts kept for people. */
const MOST_ATTEMPTS = 60;
/** Between two health checks. */
const HEALTH_GAP_MS = 10_000;

/** @returns the id of the replacement; `undefined` where none was found in time, or the instance stays */
export async function launch(
  context: SpotContext,
  saved: SavedState,
  deadline: number,
): Promise<string | undefined> {
  const { policy, progress } = context;
  const record = await recordOf(context);
  const samePrivateIp = policy.ip === 'same-private-ip';
  const pins = {
    ...(saved.diskIds.length > 0 ? { onlyZone: record.zoneId } : {}),
    ...(samePrivateIp ? { onlyVSwitch: record.vSwitchId } : {}),
  };
  let gapMs = FIRST_GAP_MS;
  for (;;) {
    const about = { region: progress.region, record: shapeOf(record), policy: policy.launch, ...pins };
    const { candidates, leftOut } = await launching.rankPlaces(about);
    for (const reason of leftOut) note(context, 'place', false, reason);
    for (const candidate of candidates) {
      if (!isLost(context)) return undefined;
      const launched = await tryPlace(context, record, saved, candidate);
      if (launched !== undefined) return launched;
    }
    if (Date.now() + gapMs > deadline) return undefined;
    await condition(() => !isLost(context), gapMs);
    gapMs = Math.min(LONGEST_GAP_MS, gapMs * 2);
  }
}

async function tryPlace(
  context: SpotContext,
  record: SpotRecord,
  saved: SavedState,
  candidate: Candidate,
): Promise<string | undefined> {
  const { policy, progress, lockSeenAt } = context;
  const request = replacementRequest({
    record,
    candidate,
    policy: policy.launch,
    imageId: saved.imageId,
    withDataDisks: saved.rung === 'image',
    samePrivateIp: policy.ip === 'same-private-ip',
    lockSeenAt,
  });
  const { passwordEnv } = policy.launch;
  const at = new Date().toISOString();
  const summary = `RunInstances: ${candidateText(candidate)}`;
  const answer = await launching.launchInstance
    .executeWithOptions({ summary }, [
      { region: progress.region, request, clientToken: uuid4(), passwordEnv, replaces: record.instanceId },
    ])
    .catch((error: unknown) => ({ refused: messageOf(error) }));
  const launched = 'launched' in answer ? answer.launched : undefined;
  const error = 'refused' in answer ? answer.refused : undefined;
  progress.attempts = [
    ...progress.attempts,
    { at, candidate, ...(launched && { instanceId: launched }), ...(error && { error }) },
  ].slice(-MOST_ATTEMPTS);
  note(context, 'launch', launched !== undefined, `${candidateText(candidate)}: ${launched ?? error ?? ''}`);
  return launched;
}

function shapeOf({
  instanceType,
  vSwitchId,
  zoneId,
  spotStrategy,
}: SpotRecord): Pick<SpotRecord, 'instanceType' | 'vSwitchId' | 'zoneId' | 'spotStrategy'> {
  return { instanceType, vSwitchId, zoneId, spotStrategy };
}

/** Waits until it runs, its agent answers and its health command succeeds. `gone`: ECS took it away again. */
export async function check(context: SpotContext, instanceId: string): Promise<'well' | 'gone' | 'unwell'> {
  const { hints, policy, progress } = context;
  const { region } = progress;
  const since = Date.now();
  const deadline = since + policy.healthWithinMs;
  const left = (): number => deadline - Date.now();
  const key = instancesKeyOf('Running', [instanceId]);
  await hints.wait({ region, kind: 'instances', key, since, withinMs: left() });
  const there = async (): Promise<{ status: string } | undefined> => {
    const now = await readingSpot.readNotice({ region, instanceId });
    if (now === undefined) note(context, 'check', false, `${instanceId} is gone again`);
    return now;
  };
  if ((await there()) === undefined) return 'gone';
  const of = { region, kind: 'agent', key: instanceId, since: since - HEARTBEAT_PRECISION_MS } as const;
  const agent = await hints.wait({ ...of, withinMs: left() });
  // The wait for an agent ends with its instance too.
  const now = await there();
  if (now === undefined) return 'gone';
  if (agent === 'deadline') {
    note(context, 'check', false, `${instanceId} is ${now.status}, and its agent does not answer`);
    return 'unwell';
  }
  const { command, timeoutSeconds } = policy.health;
  if (command === undefined) return well(context, instanceId);
  for (let round = 1; ; round += 1) {
    const run = await runOn(context, instanceId, `health-${round}`, { content: command, timeoutSeconds });
    if (run.outcome === 'succeeded') return well(context, instanceId);
    note(context, 'health', false, run.rows[0]?.reason ?? run.summary);
    if (left() < HEALTH_GAP_MS) return 'unwell';
    await sleep(HEALTH_GAP_MS, { summary: 'until the next health check' });
  }
}

function well(context: SpotContext, instanceId: string): 'well' {
  context.servingAt = new Date().toISOString();
  note(context, 'check', true, `${instanceId} runs and is well`);
  return 'well';
}
