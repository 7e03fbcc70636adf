/**
 * Groups of instances in order: each after those it waits for, with its hook before a stop and its health after a start.
 *
 * The one rule: a group that did not get there holds back the groups that wait for it, and they say so.
 */
import { CancellationScope, CancelledFailure, executeChild, sleep, workflowInfo } from '@temporalio/workflow';
import { awaitedGroups, orderOf } from '../domain/by-tag';
import type { SelectedGroup } from '../domain/by-tag-selection';
import type { OrderGroup } from '../domain/hours-messages';
import type { CommandType, RunCommandResult } from '../domain/messages';
import type { PolicyCommand } from '../domain/policy';
import { alert, record } from './by-tag-context';
import type { ByTagContext } from './by-tag-context';
import { bring } from './by-tag-run';
import { messageOf } from './failure-text';
import { readingEvents } from './proxies';
import { runCommand } from './run-command';

const MINUTE = 60_000;
const BATCH = 100;
const DEFAULT_HEALTH_MINUTES = 10;
const HEALTH_GAP_MS = 15_000;
const HEALTH_TIMEOUT_SECONDS = 60;

/** @param selected by the name of their group; `''` is the rest, which waits for nobody */
export async function runGroups(context: ByTagContext, selected: readonly SelectedGroup[]): Promise<void> {
  const of = (name: string): SelectedGroup =>
    selected.find((group) => group.name === name) ?? { name, instanceIds: [] };
  const failed = new Map<string, string>();
  const ordered = orderOf(context.purpose, context.input.order ?? []);
  const awaited = awaitedGroups(ordered, (name) => of(name).instanceIds.length > 0);
  for (const { group, after } of ordered) {
    const { instanceIds: ids, running = [] } = of(group.name);
    const cause = after.find((name) => failed.has(name));
    if (cause !== undefined) {
      const reason = `held back: ${cause} ${failed.get(cause) ?? ''}`;
      failed.set(group.name, `was held back by ${cause}`);
      await record(context, ids, { outcome: 'NotStarted', reason });
      continue;
    }
    // Whom nobody waits for and nothing was done to is not looked at.
    const stands = ids.length > 0 || awaited.has(group.name) ? running : [];
    const why = (await bringGroup(context, ids)) ?? (await healthOf(context, group, [...ids, ...stands]));
    if (why !== undefined) failed.set(group.name, why);
  }
  await bringGroup(context, of('').instanceIds);
}

/** @returns why the group is not where it was to be; `undefined` where it is */
async function bringGroup(
  context: ByTagContext,
  instanceIds: readonly string[],
): Promise<string | undefined> {
  if (instanceIds.length === 0) return undefined;
  const ready = context.purpose === 'stop' ? await beforeStop(context, instanceIds) : instanceIds;
  const failed = await bring(context, ready);
  const count = failed + instanceIds.length - ready.length;
  return count === 0 ? undefined : `did not get there: ${count} of ${instanceIds.length} failed`;
}

/** At a start: what was started, and what ran already, has to be healthy. @returns why it is not */
async function healthOf(
  context: ByTagContext,
  group: OrderGroup,
  instanceIds: readonly string[],
): Promise<string | undefined> {
  if (context.purpose === 'stop' || group.health === undefined || instanceIds.length === 0) return undefined;
  const why = await untilHealthy(context, { name: group.name, ...group.health }, instanceIds);
  if (why !== undefined) alert(context, `health of ${group.name}`, why);
  return why;
}

/** Runs the hook on each. @returns those that may be stopped now */
async function beforeStop(context: ByTagContext, instanceIds: readonly string[]): Promise<string[]> {
  const name = context.input.beforeStop;
  if (name === undefined) return [...instanceIds];
  const hook = await readingEvents.readHook({ name });
  if (hook?.kind !== 'command') {
    const reason = `left running: the worker's policy file defines no command hook ${name}`;
    await record(context, instanceIds, { outcome: 'Failed', reason });
    return [];
  }
  const failures = new Map<string, string>();
  await Promise.all(
    commandSets(context, instanceIds).map(async ({ ids, type }, index) => {
      const step = `before/${name}/${index + 1}/${ids[0] ?? ''}`;
      const failed = await runWithin(context, hook.timeoutMs, step, {
        ids,
        command: { type, ...hook.command },
      });
      for (const [id, why] of failed) failures.set(id, why);
    }),
  );
  if (failures.size === 0 || hook.onFailure === 'continue') return [...instanceIds];
  const [[first, reason] = ['', '']] = failures;
  alert(context, `hook ${name}`, `${failures.size} instances, first ${first}: ${reason}`);
  if (hook.onFailure === 'alert') return [...instanceIds];
  for (const [id, why] of failures)
    await record(context, [id], { outcome: 'Failed', reason: `left running: hook ${name}: ${why}` });
  return instanceIds.filter((id) => !failures.has(id));
}

/**
 * Past its time limit the run is cancelled, and its end waited for: no command of it is sent any more when this returns.
 * @returns why, by instance it did not succeed on
 */
async function runWithin(
  context: ByTagContext,
  timeoutMs: number,
  step: string,
  on: { ids: string[]; command: PolicyCommand & { type: CommandType } },
): Promise<[string, string][]> {
  const limited = new CancellationScope({ cancellable: true, timeout: timeoutMs });
  const end = await limited.run(() => runOn(context, step, on)).catch(messageOf);
  // The cancel of the workflow is no failure of a hook.
  if (CancellationScope.current().consideredCancelled) throw new CancelledFailure('the stop was cancelled');
  const late = limited.consideredCancelled ? `not done within ${Math.round(timeoutMs / 1000)} s` : undefined;
  if (typeof end === 'string') return on.ids.map((id) => [id, late ?? end]);
  const rows = new Map(end.rows.map((row) => [row.instanceId, row]));
  return on.ids.flatMap((id): [string, string][] => {
    const row = rows.get(id);
    return row?.outcome === 'Success' ? [] : [[id, late ?? row?.reason ?? row?.outcome ?? end.summary]];
  });
}

/** The health script until it succeeds everywhere. @returns why it did not */
async function untilHealthy(
  context: ByTagContext,
  health: { name: string; command: string; withinMinutes?: number },
  instanceIds: readonly string[],
): Promise<string | undefined> {
  const minutes = health.withinMinutes ?? DEFAULT_HEALTH_MINUTES;
  const until = Date.now() + minutes * MINUTE;
  let unwell = [...instanceIds];
  for (let round = 1; ; round += 1) {
    const results = await Promise.all(
      commandSets(context, unwell).map(({ ids, type }, index) => {
        const command = { type, content: health.command, timeoutSeconds: HEALTH_TIMEOUT_SECONDS };
        return runOn(context, `health/${health.name}/${round}/${index + 1}`, { ids, command });
      }),
    );
    const bad = results.flatMap(({ rows }) => rows).filter(({ outcome }) => outcome !== 'Success');
    if (bad.length === 0 && results.every(({ outcome }) => outcome === 'succeeded')) return undefined;
    unwell = bad.map(({ instanceId }) => instanceId);
    const [first] = bad;
    if (Date.now() + HEALTH_GAP_MS >= until || unwell.length === 0)
      return `is not healthy after ${minutes} min: ${first?.instanceId ?? ''} ${first?.reason ?? results[0]?.summary ?? ''}`;
    await sleep(HEALTH_GAP_MS, { summary: `health of ${health.name}` });
  }
}

/** Sets of at most 100 of one operating system: so each instance has its row in the result of the run. */
function commandSets(
  { windows }: ByTagContext,
  instanceIds: readonly string[],
): { ids: string[]; type: 'RunShellScript' | 'RunPowerShellScript' }[] {
  const sets: { ids: string[]; type: 'RunShellScript' | 'RunPowerShellScript' }[] = [];
  for (const type of ['RunShellScript', 'RunPowerShellScript'] as const) {
    const some = instanceIds.filter((id) => windows.has(id) === (type === 'RunPowerShellScript'));
    for (let start = 0; start < some.length; start += BATCH)
      sets.push({ ids: some.slice(start, start + BATCH), type });
  }
  return sets;
}

function runOn(
  { input }: ByTagContext,
  step: string,
  { ids, command }: { ids: string[]; command: PolicyCommand & { type: CommandType } },
): Promise<RunCommandResult> {
  return executeChild(runCommand, {
    workflowId: `${workflowInfo().workflowId}/${step}`,
    args: [{ region: input.region, targets: { instanceIds: ids }, command, name: step.slice(0, 100) }],
    staticSummary: `${step} on ${ids.length} instances`,
  });
}
