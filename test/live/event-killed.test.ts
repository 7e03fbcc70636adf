/**
 * SIGKILL of the only worker while event handlers, each on an instance of its own, are in every step there is; another
 * worker takes over. The simulator's ledger is the oracle: one reboot of ours for each event, and no step lost.
 */
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import type { FaultSpec } from '../../simulator/core/faults';
import { HANDLE_SYSTEM_EVENT, systemEventIdOf } from '../../src/domain/event-messages';
import { taskQueueOf } from '../../src/domain/messages';
import type { SystemEventProgress, SystemEventResult } from '../../src/domain/system-event';
import { LiveServer, NO_QUOTA, QUICK_WORKER, Site, killed } from '../support/live-site';
import { until } from '../support/until';

type Handler = WorkflowHandle<() => Promise<SystemEventResult>>;

/** A call is held open this long, so that all handlers are in their steps together; below the client's own limit. */
const HOLD_MS = 13_000;

const POLICY = (port: number): string => `
version: 1
policies:
  - name: any
    match: { tags: [{ key: approval, value: none }] }
    ifNoWindow: now
    pre: [drain, snapshots, ticket]
    post: [undrain]
    health: { command: 'echo well' }
  - name: approved
    ifNoWindow: now
    approval: { required: true }
    pre: [drain, snapshots, ticket]
    post: [undrain]
    health: { command: 'echo well' }
hooks:
  drain: { command: { content: echo drained } }
  snapshots: { snapshot: { wait: true } }
  ticket: { webhook: { url: 'http://127.0.0.1:${port}/' } }
  undrain: { command: { content: echo undrained } }
`;

interface Step {
  name: string;
  /** Far down the road: starts first. */
  late?: boolean;
  /** Holds open the call in which the worker dies. */
  hold?: (subject: Subject) => FaultSpec;
  /** True in the step; by default as soon as its call is held. */
  reached?: (subject: Subject) => Promise<boolean>;
}

/** A handler with its event and instance. */
interface Subject {
  step: Step;
  instanceId: string;
  diskId: string;
  eventId: string;
  handler?: Handler;
}

const delay = (action: string, phase: 'before' | 'after', where: Record<string, string>): FaultSpec => ({
  kind: 'delay',
  action,
  phase,
  ms: HOLD_MS,
  count: 1,
  where,
});
const command =
  (name: string) =>
  ({ instanceId }: Subject): FaultSpec =>
    delay('RunCommand', 'after', { Name: name, 'InstanceId.1': instanceId });
const phaseIs =
  (phase: string) =>
  async ({ handler }: Subject): Promise<boolean> =>
    (await handler?.query<SystemEventProgress>('progress').catch(() => undefined))?.phase === phase;

const STEPS: Step[] = [
  {
    name: 'reading the event',
    hold: ({ eventId }) => delay('DescribeInstanceHistoryEvents', 'before', { 'EventId.1': eventId }),
  },
  { name: 'waiting for approval', reached: phaseIs('approval') },
  { name: 'a command hook, sent and not answered', hold: command('pre/drain') },
  {
    name: 'CreateSnapshot, done and not answered',
    hold: ({ diskId }) => delay('CreateSnapshot', 'after', { DiskId: diskId }),
  },
  { name: 'asking a webhook', reached: ({ eventId }) => Promise.resolve((asked.get(eventId) ?? 0) > 0) },
  { name: 'reading the witness', hold: command('witness') },
  {
    name: 'RebootInstance, before its effect',
    hold: ({ instanceId }) => delay('RebootInstance', 'before', { InstanceId: instanceId }),
  },
  {
    name: 'RebootInstance, after its effect',
    hold: ({ instanceId }) => delay('RebootInstance', 'after', { InstanceId: instanceId }),
  },
  { name: 'waiting for the agent', late: true, reached: phaseIs('checking') },
  { name: 'the health command', late: true, hold: command('health-1.1') },
  { name: 'a post hook', late: true, hold: command('post/undrain') },
  { name: 'proving', late: true, reached: phaseIs('proving') },
];

let live: LiveServer;
let site: Site;
let webhook: Server;
/** Asks of the webhook, by event. */
const asked = new Map<string, number>();
let slowEvent = '';

beforeAll(async () => {
  live = await LiveServer.start();
  webhook = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const { event } = JSON.parse(body) as { event: { eventId: string } };
      const before = asked.get(event.eventId) ?? 0;
      asked.set(event.eventId, before + 1);
      setTimeout(
        () => response.end('{"verdict":"go"}'),
        event.eventId === slowEvent && before === 0 ? 9_000 : 0,
      );
    });
  });
  await new Promise<void>((resolve) => webhook.listen(0, '127.0.0.1', resolve));
  const policyFile = join(live.dir, 'policy.yaml');
  writeFileSync(policyFile, POLICY((webhook.address() as AddressInfo).port));
  site = await Site.start(live, {
    instances: STEPS.map(({ name }, index) => ({
      name: `node-${index}`,
      tags: new Map([['approval', name === 'waiting for approval' ? 'needed' : 'none']]),
    })),
    settings: { ...QUICK_WORKER, ...NO_QUOTA, STEWARD_POLICY_FILE: policyFile },
    durations: {
      rebooting: 1_000,
      agentBoot: 300,
      snapshot: 200,
      snapshotPerGiB: 1,
      eventAvoided: 20_000,
      delivery: 50,
    },
  });
}, 60_000);

afterAll(async () => {
  await site.close();
  webhook.close();
  webhook.closeAllConnections();
  await live.close();
});

function subjectOf(step: Step, index: number): Subject {
  const { simulation, instanceIds, regionId } = site.simulator;
  const instanceId = instanceIds[index] ?? '';
  const { eventId } = simulation.systemEvents.raise({
    instanceId,
    regionId,
    type: 'SystemMaintenance.Reboot',
    notBefore: Date.now() + 24 * 3_600_000,
  });
  const disks = [...(simulation.world.regions.get(regionId)?.disks.values() ?? [])];
  const diskId = disks.find((disk) => disk.instanceId === instanceId)?.diskId ?? '';
  return { step, instanceId, diskId, eventId };
}

async function start(subject: Subject): Promise<void> {
  const { account, simulator } = site;
  const region = simulator.regionId;
  subject.handler = await live.client.workflow.start<() => Promise<SystemEventResult>>(HANDLE_SYSTEM_EVENT, {
    taskQueue: taskQueueOf(account),
    workflowId: systemEventIdOf(account, region, subject.eventId),
    args: [{ region, eventId: subject.eventId }] as never,
  });
}

test('a worker is killed in every step: one reboot of each instance, every step done, every event Avoided', async () => {
  const { simulation, regionId } = site.simulator;
  const subjects = STEPS.map(subjectOf);
  slowEvent = subjects.find(({ step }) => step.name === 'asking a webhook')?.eventId ?? '';
  simulation.faults.set(
    subjects.flatMap((subject) =>
      subject.step.hold ? [{ ...subject.step.hold(subject), id: subject.eventId }] : [],
    ),
  );
  const instanceOf = (subject?: Subject) =>
    simulation.world.regions.get(regionId)?.instances.get(subject?.instanceId ?? '');
  const agentless = subjects.find(({ step }) => step.name === 'waiting for the agent');
  simulation.ledger.onRecord = (record) => {
    const instance = instanceOf(agentless);
    if (
      record.kind === 'effect' &&
      record.effect === 'instance.rebooting' &&
      record.resourceId === agentless?.instanceId &&
      instance
    )
      simulation.instances.setAgent(instance, { enabled: false });
  };

  const first = await site.startWorker();
  const hits = (id: string): number => simulation.faults.list().find((fault) => fault.id === id)?.hits ?? 0;
  const reached = async (subject: Subject): Promise<boolean> =>
    subject.step.reached ? subject.step.reached(subject) : hits(subject.eventId) > 0;
  const late = subjects.filter(({ step }) => step.late);
  const been = new Set<Subject>();
  const allReached = (some: Subject[]): Promise<void> =>
    until(
      'all are in their steps',
      async () => {
        for (const subject of some) if (await reached(subject)) been.add(subject);
        return some.every((subject) => been.has(subject));
      },
      90_000,
    );
  await Promise.all(late.map(start));
  await allReached(late);
  await Promise.all(subjects.filter(({ step }) => !step.late).map(start));
  await allReached(subjects);
  await killed(first);
  await site.startWorker();
  const agent = instanceOf(agentless);
  if (agent) simulation.instances.setAgent(agent, { enabled: true });
  await subjects.find(({ step }) => step.name === 'waiting for approval')?.handler?.executeUpdate('approve');

  const calls = site.calls.bind(site);
  for (const { step, handler, instanceId, diskId } of subjects) {
    const result = await handler?.result();
    expect([step.name, result]).toMatchObject([
      step.name,
      { outcome: 'avoided', eventStatus: 'Avoided', reboots: 1 },
    ]);
    const reboots = site.effects('instance.rebooting').filter((each) => each.resourceId === instanceId);
    expect([step.name, reboots.length]).toEqual([step.name, 1]);
    const done = result?.steps.filter(({ ok }) => ok).map((each) => each.step);
    expect(done).toEqual(
      expect.arrayContaining(['pre/drain', 'pre/snapshots', 'pre/ticket', 'health', 'post/undrain', 'prove']),
    );
    const snapshots = site.effects('snapshot.created').filter(({ detail }) => detail?.diskId === diskId);
    expect([step.name, snapshots.length]).toEqual([step.name, 1]);
    // The same ClientToken makes one invocation of a call that was made again.
    for (const name of ['pre/drain', 'post/undrain']) {
      const tokens = calls('RunCommand')
        .filter(({ params }) => params.Name === name && params['InstanceId.1'] === instanceId)
        .map(({ clientToken }) => clientToken);
      expect([step.name, name, new Set(tokens).size]).toEqual([step.name, name, 1]);
    }
  }
}, 240_000);
