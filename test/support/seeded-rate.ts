/**
 * A run with limits under random faults, while people pause it, change its limits, abort or cancel it; all of it decided
 * by one number.
 *
 * The one rule: as in seeded-run.ts, what must hold is checked against the ledger, never against what the run says.
 */
import { RUN_UPDATES } from '../../src/domain/messages';
import type { RunCommandResult, StoredRow } from '../../src/domain/messages';
import { readRows } from '../../src/results/store';
import { RandomStream } from './random-stream';
import { effectsOf, idsOfCalls, startedOn, underWay } from './run-ledger';
import { drawFaults, tellInstances } from './seeded-run';
import { REGION, withFleet } from './skipping-environment';
import type { Fleet } from './skipping-environment';

type Handle = Awaited<ReturnType<Fleet['start']>>;

const ACTS = ['pause', 'setLimits', 'abort', 'cancel'] as const;

/** The highest limits that were ever in force. */
interface Limits {
  maxConcurrency: number;
  maxErrors: number;
}

/** Runs one seed; the list of what did not hold, empty when all is well. */
export async function rateSeed(seed: number): Promise<string[]> {
  const random = new RandomStream(seed * 7_919);
  const instances = random.between(20, 110);
  return withFleet({ instances, randomStart: seed }, async (fleet) => {
    const expected = tellInstances(fleet, random);
    const faults = random.chance(0.7) ? drawFaults(random) : [];
    fleet.simulator.simulation.faults.set(faults);
    const limits = { maxConcurrency: random.between(4, 60), maxErrors: random.between(0, instances) };
    const canary = random.chance(0.3) ? random.between(1, 10) : 0;
    // The time-skipping server stands still where an update meets a run that is continuing as new; a cancel it takes.
    const continues = random.chance(0.5);
    const handle = await fleet.start(
      {
        region: REGION,
        targets: { instanceIds: [...expected.keys()] },
        command: { type: 'RunShellScript', content: 'work', timeoutSeconds: random.between(10, 60) },
        rate: {
          ...limits,
          ...(canary > 0 ? { canary } : {}),
          ...(random.chance(0.3) ? { startWith: random.between(1, 20) } : {}),
        },
      },
      continues ? { batchesPerRun: random.between(1, 4) } : undefined,
    );
    const acts = continues ? (['cancel'] as const) : ACTS;
    const said = await people(fleet, handle, { random, limits, acts });
    const result = await handle.result();
    const rows = await readRows(result.resultStore.path);
    return [
      ...said,
      ...wrongPace(fleet, limits, canary),
      ...wrongStops(fleet),
      ...wrongRows(fleet, rows, result, expected),
    ].map((line) => `${line}; ${JSON.stringify({ limits, canary, faults })}`);
  });
}

/** What people do meanwhile; `limits` become the highest there were. */
async function people(
  fleet: Fleet,
  handle: Handle,
  { random, limits, acts }: { random: RandomStream; limits: Limits; acts: readonly (typeof ACTS)[number][] },
): Promise<string[]> {
  const latest = fleet.temporal.client.workflow.getHandle(handle.workflowId);
  // What is over refuses them, or is not there any more.
  const tell = (update: string, ...args: [] | [object]): Promise<unknown> =>
    latest.executeUpdate(update, { args: args as [object] }).catch(() => undefined);
  const created = (): number => effectsOf(fleet, 'invocation.created').length;
  const wrong: string[] = [];
  if (random.chance(0.8))
    for (let look = 0; look < 60 && created() === 0; look += 1) await fleet.temporal.sleep('1 second');
  for (let left = random.between(0, acts.length > 1 ? 2 : 1); left > 0; left -= 1) {
    await fleet.temporal.sleep(random.between(0, 30) * 1_000);
    const act = random.pick(acts);
    if (act === 'cancel') await latest.cancel().catch(() => undefined);
    else if (act === 'abort') await tell(RUN_UPDATES.abort);
    else if (act === 'setLimits') {
      const given = { maxConcurrency: random.between(1, 80), maxErrors: random.between(0, 80) };
      await tell(RUN_UPDATES.setLimits, given);
      limits.maxConcurrency = Math.max(limits.maxConcurrency, given.maxConcurrency);
      limits.maxErrors = Math.max(limits.maxErrors, given.maxErrors);
    } else if ((await tell(RUN_UPDATES.pause)) !== undefined) {
      // A batch that was being sent is sent, or given up after half an hour.
      await fleet.temporal.sleep('40 minutes');
      const before = created();
      await fleet.temporal.sleep('1 day');
      if (created() !== before) wrong.push('it sent something while it was paused');
      await tell(RUN_UPDATES.resume);
    }
  }
  return wrong;
}

function wrongPace(fleet: Fleet, { maxConcurrency, maxErrors }: Limits, canary: number): string[] {
  const wrong: string[] = [];
  let sent = 0;
  let ended = 0;
  let errors = 0;
  for (const { effect, now } of underWay(fleet)) {
    if (now > maxConcurrency) wrong.push(`${now} under way, ${maxConcurrency} allowed`);
    if (effect.effect === 'command.finished') {
      ended += 1;
      if (effect.detail?.status !== 'Success') errors += 1;
    } else {
      if (sent >= canary && ended < canary) wrong.push('more was sent before the canary had ended');
      if (sent < canary && sent + Number(effect.detail?.instances) > canary)
        wrong.push('more than the canary');
      sent += Number(effect.detail?.instances);
    }
  }
  if (errors > maxErrors + maxConcurrency)
    wrong.push(`${errors} errors, ${maxErrors} allowed and at most ${maxConcurrency} under way`);
  return wrong;
}

function wrongStops(fleet: Fleet): string[] {
  return idsOfCalls(fleet, 'StopInvocation').flatMap((ids) =>
    ids.length > 50 ? [`StopInvocation with ${ids.length} ids`] : [],
  );
}

function wrongRows(
  fleet: Fleet,
  rows: StoredRow[],
  { totals }: RunCommandResult,
  expected: ReadonlyMap<string, string>,
): string[] {
  const started = startedOn(fleet);
  const begun = new Set(started);
  const found = new Map(rows.map((row) => [row.instanceId, row.outcome]));
  return [
    ...(started.length === begun.size ? [] : ['a command started twice on an instance']),
    ...(rows.length === expected.size && found.size === expected.size ? [] : [`${rows.length} rows`]),
    ...(totals.targets === expected.size ? [] : [`${totals.targets} targets in the totals`]),
    ...[...expected].flatMap(([id, outcome]) => {
      const is = found.get(id);
      if (is === 'NotStarted') return begun.has(id) ? [`${id} is NotStarted, and was started`] : [];
      return is === outcome || is === 'Stopped' || is === 'Unknown' ? [] : [`${id} is ${is}, not ${outcome}`];
    }),
    ...(totals.Unknown + totals.Stopped === 0 || idsOfCalls(fleet, 'StopInvocation').length > 0
      ? []
      : [`${totals.Unknown} Unknown and ${totals.Stopped} Stopped without a cancel`]),
  ];
}
