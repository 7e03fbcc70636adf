/** Reclaims of many instances at the same moment, found by the patrol; counted in the simulator's ledger. */
import { patrolIdOf } from '../../src/domain/event-messages';
import { taskQueueOf } from '../../src/domain/messages';
import { EMPTY_POLICY_FILE } from '../../src/domain/policy';
import { spotIdOf } from '../../src/domain/spot-messages';
import type { RelaunchSpotResult } from '../../src/domain/spot-messages';
import { DEFAULT_QUOTA } from '../../src/ecs/quota';
import { REGION, withFleet } from './skipping-environment';
import type { Fleet } from './skipping-environment';
import { effects, reclaim, SPOT } from './spot-fleet';

export interface ManyRescued {
  /** Instances that were gone before CreateImage had been accepted. */
  late: string[];
  outcomes: Record<string, number>;
  images: number;
  replacements: number;
  /** Replacements on which a command reads the file. */
  files: number;
}

/** At most 100, as the rows of a run: the five minutes as they are, images that take half of them; our own share of the quota. */
export function manyRescued(count: number): Promise<ManyRescued> {
  const options = {
    instances: Array.from({ length: count }, () => SPOT),
    durations: { image: 20_000, imagePerGiB: 3_000 },
    policies: EMPTY_POLICY_FILE,
    quota: DEFAULT_QUOTA,
  };
  return withFleet(options, async (fleet) => {
    const ids = fleet.simulator.instanceIds;
    await runOn(fleet, ids, 'echo precious > /root/data');
    for (const id of ids) await reclaim(fleet, id);
    const { workflow } = fleet.temporal.client;
    const patrol = await workflow.start('patrolRegion', {
      taskQueue: taskQueueOf(fleet.account),
      workflowId: patrolIdOf(fleet.account, REGION),
      args: [{ region: REGION, kinds: ['reclaims'] }],
    });
    await fleet.temporal.sleep(15_000);
    const results: RelaunchSpotResult[] = [];
    // One after the other: the test server loses count of who lets time pass where many do.
    for (const id of ids) {
      const handle = workflow.getHandle<() => Promise<RelaunchSpotResult>>(
        spotIdOf(fleet.account, REGION, id),
      );
      results.push(await handle.result());
    }
    await patrol.terminate('the test has seen enough');
    return counted(fleet, ids, results);
  });
}

async function runOn(fleet: Fleet, instanceIds: readonly string[], content: string): Promise<number> {
  const command = { type: 'RunShellScript' as const, content };
  const { totals, rows } = await fleet.run({
    region: REGION,
    targets: { instanceIds: [...instanceIds] },
    command,
  });
  return content.startsWith('cat')
    ? rows.filter(({ firstLine }) => firstLine === 'precious').length
    : totals.Success;
}

async function counted(
  fleet: Fleet,
  ids: readonly string[],
  results: readonly RelaunchSpotResult[],
): Promise<ManyRescued> {
  const timeOf = (effect: string, id: string): number | undefined =>
    effects(fleet, effect).find(
      ({ resourceId, detail }) => resourceId === id || detail?.['instanceId'] === id,
    )?.time;
  const late = ids.filter(
    (id) => (timeOf('image.created', id) ?? Infinity) >= (timeOf('instance.released', id) ?? Infinity),
  );
  const outcomes: Record<string, number> = {};
  for (const { outcome } of results) outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
  const heirs = results.flatMap(({ replacementId }) => replacementId ?? []);
  return {
    late,
    outcomes,
    images: effects(fleet, 'image.created').length,
    replacements: effects(fleet, 'instance.created').length - ids.length,
    files: await runOn(fleet, heirs, 'cat /root/data'),
  };
}
