/**
 * SIGKILL of the only worker in every phase of a run; another one takes over. The simulator's ledger is the oracle:
 * one invocation per batch, one start per instance, one row per instance, whatever died when.
 */
import { readRows } from '../../src/results/store';
import { createFrozenLink } from '../support/frozen-link';
import type { FrozenLink } from '../support/frozen-link';
import { LiveServer, killed, withSite } from '../support/live-site';
import type { Run, Site } from '../support/live-site';
import type { FaultSpec } from '../../simulator/core/faults';
import { until } from '../support/until';

/** More than one page of results. */
const INSTANCES = 60;
/** Long enough for a look, a kill and nothing else. */
const HOLD_MS = 3_000;

interface Phase {
  when: string;
  /** Holds the phase open. */
  fault?: FaultSpec;
  commandMs?: number;
  /** The worker is reached through a link that can be frozen. */
  linked?: boolean;
  /** Resolves in the phase; by default as soon as the fault has hit. */
  reached?: (at: { site: Site; run: Run; link?: FrozenLink }) => Promise<void>;
  outcome?: 'cancelled';
}

const PHASES: Phase[] = [
  {
    when: 'while targets are read, before anything is sent',
    fault: { kind: 'delay', action: 'DescribeCloudAssistantStatus', ms: HOLD_MS, count: 1 },
  },
  {
    when: 'during RunCommand, before its effect',
    fault: { kind: 'delay', action: 'RunCommand', phase: 'during', ms: HOLD_MS, count: 1 },
  },
  {
    when: 'after the effect of RunCommand, before its answer',
    fault: { kind: 'delay', action: 'RunCommand', phase: 'after', ms: HOLD_MS, count: 1 },
    reached: ({ site }) =>
      until('the commands are accepted', () => site.effects('invocation.created').length === 1),
  },
  {
    when: 'after the answer of RunCommand, before the workflow knows',
    linked: true,
    reached: async ({ site, link }) => {
      // The ledger hears of a call before its answer leaves: the answer arrives, the report of it never does.
      const { ledger } = site.simulator.simulation;
      ledger.onRecord = (record) => {
        if (record.kind === 'call' && record.action === 'RunCommand') link?.freeze();
      };
      await until(
        'the worker knows and cannot tell',
        () => site.calls('RunCommand').length === 1 && (link?.heldBytes() ?? 0) > 0,
      );
    },
  },
  {
    when: 'while it waits for the command',
    commandMs: 5_000,
    reached: ({ site }) => until('the watcher looks', () => site.calls('DescribeInvocations').length >= 2),
  },
  {
    when: 'during a tick of the watcher',
    commandMs: 2_000,
    fault: { kind: 'delay', action: 'DescribeInvocations', ms: HOLD_MS, count: 1 },
  },
  {
    when: 'while results are collected, between two pages',
    fault: { kind: 'delay', action: 'DescribeInvocationResults', ms: HOLD_MS, skip: 1, count: 1 },
  },
  {
    when: 'during StopInvocation of a cancelled run',
    commandMs: 8_000,
    fault: { kind: 'delay', action: 'StopInvocation', phase: 'after', ms: HOLD_MS, count: 1 },
    reached: async ({ site, run }) => {
      await until(
        'the command has started everywhere',
        () => site.effects('command.started').length === INSTANCES,
      );
      await run.cancel();
      await until('the invocation is stopped', () => site.effects('invocation.stopped').length === 1);
    },
    outcome: 'cancelled',
  },
];

let live: LiveServer;
beforeAll(async () => {
  live = await LiveServer.start();
});
afterAll(() => live.close());

describe('a worker killed', () => {
  test.concurrent.each(PHASES)(
    '$when: another ends the run, nothing is lost or doubled',
    async (phase) => {
      const link = phase.linked ? await createFrozenLink(live.server.port) : undefined;
      try {
        await withSite(live, { instances: INSTANCES }, (site) => survives(site, phase, link));
      } finally {
        await link?.close();
      }
    },
    90_000,
  );
});

async function survives(site: Site, phase: Phase, link?: FrozenLink): Promise<void> {
  const { faults, assistant } = site.simulator.simulation;
  assistant.answers.add({ output: 'done\n', durationMs: phase.commandMs ?? 0 });
  if (phase.fault) faults.set([phase.fault]);
  const first = await site.startWorker(link?.address);
  const run = await site.start();
  const hit = (): Promise<void> =>
    until('the fault has hit', () => faults.list().some(({ hits }) => hits > 0));
  await (phase.reached ?? hit)({ site, run, link });
  await killed(first);
  expect((await run.describe()).status.name).toBe('RUNNING');
  await site.startWorker();
  await holds(site, await run.result(), phase);
}

async function holds(site: Site, result: Awaited<ReturnType<Run['result']>>, phase: Phase): Promise<void> {
  expect(result.outcome).toBe(phase.outcome ?? 'succeeded');
  expect(result.totals.targets).toBe(INSTANCES);
  expect(new Set(result.rows.map((row) => row.instanceId)).size).toBe(INSTANCES);
  expect(result.rows).toHaveLength(INSTANCES);
  expect(await readRows(result.resultStore.path)).toHaveLength(INSTANCES);
  expect(site.effects('invocation.created')).toHaveLength(1);
  const started = site.effects('command.started').map((effect) => effect.resourceId);
  expect(started).toHaveLength(INSTANCES);
  expect(new Set(started)).toEqual(new Set(site.simulator.instanceIds));
}
