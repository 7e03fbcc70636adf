/**
 * Figures of system events: what a look of the patrol costs with 1, 100 and 500 open events, how soon after it an event
 * is planned, how fast the patrol's history grows, and what one event answered costs.
 *
 * Usage: npm run bench:system-events [-- SIZE …]   (default 1 100 500; about 4 minutes)
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CallRecord } from '../simulator/core/ledger';
import {
  HANDLE_SYSTEM_EVENT,
  PATROL_REGION,
  patrolIdOf,
  systemEventIdOf,
} from '../src/domain/event-messages';
import { PROGRESS_QUERY, taskQueueOf } from '../src/domain/messages';
import type { PatrolState, SystemEventProgress, SystemEventResult } from '../src/domain/system-event';
import { LiveServer, NO_QUOTA, withSite } from '../test/support/live-site';
import type { Site } from '../test/support/live-site';
import { until } from '../test/support/until';
import { percentile, printTable, runBenchmark, say, seconds } from './support/figures';
import type { Cell } from './support/figures';

const SIZES = process.argv.length > 2 ? process.argv.slice(2).map(Number) : [1, 100, 500];
const SETTINGS = { ...NO_QUOTA, STEWARD_LOG_LEVEL: 'warn' };
/** The shortest there is; what grows by the look is told for the usual 60 s. */
const EVERY_SECONDS = 10;
const LOOKS_A_DAY = 1_440;
/** Looks that are measured once everything is planned. */
const LOOKS = 3;
const POLICY = `version: 1
policies:
  - { name: any, ifNoWindow: now, health: { command: 'true' } }
`;

runBenchmark(async () => {
  const live = await LiveServer.start();
  const rows: Cell[][] = [];
  for (const size of SIZES) {
    say(`${size} open events …`);
    rows.push(await withSite(live, { instances: size, settings: SETTINGS }, (site) => looksAt(site, size)));
  }
  printTable(
    'The patrol, looking for events every 60 s',
    [
      'open events',
      'calls a look',
      'look to plan p50',
      'p95',
      'history events a look',
      'a day',
      'events of a handler that holds',
    ],
    rows,
  );
  say('one event answered …');
  const policyFile = join(live.dir, 'policy.yaml');
  writeFileSync(policyFile, POLICY);
  const settings = { ...SETTINGS, STEWARD_POLICY_FILE: policyFile };
  printTable(
    'One event answered: witness, reboot, health command, proof',
    ['what', 'number'],
    await withSite(live, { instances: 1, settings }, answered),
  );
  await live.close();
});

function raiseAll({ simulator }: Site): string[] {
  const { simulation, instanceIds, regionId } = simulator;
  const notBefore = Date.now() + 48 * 3_600_000;
  const type = 'SystemMaintenance.Reboot';
  return instanceIds.map(
    (instanceId) => simulation.systemEvents.raise({ instanceId, regionId, type, notBefore }).eventId,
  );
}

async function looksAt(site: Site, size: number): Promise<Cell[]> {
  const { account, simulator, live } = site;
  const region = simulator.regionId;
  const { workflow } = live.client;
  await site.startWorker();
  const eventIds = raiseAll(site);
  const patrol = await workflow.start(PATROL_REGION, {
    taskQueue: taskQueueOf(account),
    workflowId: patrolIdOf(account, region),
    args: [{ region, kinds: ['events'], everySeconds: EVERY_SECONDS }],
  });
  const look = async (): Promise<{ looks: number; events: number; calls: number }> => ({
    looks: (await patrol.query<PatrolState>(PROGRESS_QUERY)).looks,
    events: (await patrol.describe()).historyLength,
    calls: listsOf(site).length,
  });
  const handlers = eventIds.map((id) => workflow.getHandle(systemEventIdOf(account, region, id)));
  const plannedAt = new Map<string, number>();
  await until(
    'all are planned',
    async () => {
      for (const handler of handlers)
        if (!plannedAt.has(handler.workflowId)) {
          const progress = await handler.query<SystemEventProgress>(PROGRESS_QUERY).catch(() => undefined);
          const plan = progress?.steps.find(({ step }) => step === 'plan');
          if (plan) plannedAt.set(handler.workflowId, Date.parse(plan.at));
        }
      return plannedAt.size === size;
    },
    180_000,
  );
  const firstLook = listsOf(site)[0]?.time ?? 0;
  const delays = [...plannedAt.values()].map((at) => at - firstLook);
  /** Right after the begin of a look, so that both ends are at the same point of it. */
  const afterLooks = async (count: number): Promise<Awaited<ReturnType<typeof look>>> => {
    const { looks } = await look();
    await until('some looks', async () => (await look()).looks >= looks + count, 120_000);
    return look();
  };
  const before = await afterLooks(1);
  const after = await afterLooks(LOOKS);
  const [first] = handlers;
  const holding = first && (await first.describe()).historyLength;
  for (const handle of [patrol, ...handlers]) await handle.terminate();
  const looks = after.looks - before.looks;
  const events = Math.round((after.events - before.events) / looks);
  return [
    size,
    (after.calls - before.calls) / looks,
    seconds(percentile(delays, 0.5)),
    seconds(percentile(delays, 0.95)),
    events,
    events * LOOKS_A_DAY,
    holding,
  ];
}

/** Calls that ask for the open events of the region; handlers ask by id. */
function listsOf(site: Site): CallRecord[] {
  return site.calls('DescribeInstanceHistoryEvents').filter(({ params }) => !('EventId.1' in params));
}

async function answered(site: Site): Promise<Cell[][]> {
  const { account, simulator, live } = site;
  const region = simulator.regionId;
  await site.startWorker();
  const [eventId = ''] = raiseAll(site);
  const workflowId = systemEventIdOf(account, region, eventId);
  const { workflow } = live.client;
  const handler = await workflow.start<() => Promise<SystemEventResult>>(HANDLE_SYSTEM_EVENT, {
    taskQueue: taskQueueOf(account),
    workflowId,
    args: [{ region, eventId }] as never,
  });
  const { outcome } = await handler.result();
  if (outcome !== 'avoided') throw new Error(`the event is ${outcome}`);
  const children = ['witness', 'boot-id-1.1', 'health-1.1'].map((step) => `${workflowId}/${step}`);
  const own = await handler.describe();
  const theirs = await Promise.all(children.map((id) => workflow.getHandle(id).describe()));
  const { calls } = simulator.simulation.ledger.counts();
  const all = Object.values(calls).reduce((sum, count) => sum + count, 0);
  return [
    ['history events of the handler', own.historyLength],
    [
      'history KB of the handler',
      Math.round(Number(own.raw.workflowExecutionInfo?.historySizeBytes ?? 0) / 1_024),
    ],
    ['history events of its three commands', theirs.reduce((sum, each) => sum + each.historyLength, 0)],
    ['calls to ECS in all', all],
    ['RebootInstance', calls.RebootInstance],
  ];
}
