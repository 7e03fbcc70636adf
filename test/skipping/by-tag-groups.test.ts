/**
 * Starting and stopping by tag in groups: their order, health, the hook before a stop, and force after it. The oracle is
 * the ledger.
 */
import { cloudAssistant } from '../../simulator/assistant';
import type { OrderGroup } from '../../src/domain/hours-messages';
import type { RunCommandResult } from '../../src/domain/messages';
import type { PolicyFile } from '../../src/domain/policy';
import { TAG, byTag, setTags, startByTag, statuses } from '../support/by-tag';
import { withFleet } from '../support/skipping-environment';

const HOUR = 3_600_000;
const tagged = { tags: { [TAG]: '' } };

const ORDER: OrderGroup[] = [
  { name: 'database', tag: { key: 'tier', value: 'db' }, health: { command: 'ready', withinMinutes: 2 } },
  { name: 'application', tag: { key: 'tier', value: 'app' }, needs: ['database'] },
];

it('stops the application before its database, and starts it after, when the database is healthy', () =>
  withFleet({ instances: 3, ...tagged }, async (fleet) => {
    const db = setTags(fleet, 0, { tier: 'db' });
    const app = setTags(fleet, 1, { tier: 'app' });
    cloudAssistant(fleet.simulator.simulation).answers.add({ content: 'ready', exitCode: 0 });
    const { ledger } = fleet.simulator.simulation;
    const orderOf = (effect: string): string[] =>
      ledger
        .query({ kind: 'effect', effect })
        .map((record) => JSON.stringify(record))
        .flatMap((text) => (text.includes(db) ? ['db'] : text.includes(app) ? ['app'] : []));
    expect(await byTag(fleet, 'stop', { order: ORDER })).toMatchObject({
      outcome: 'succeeded',
      totals: { done: 3 },
    });
    expect(orderOf('instance.stopping')).toEqual(['app', 'db']);
    expect(await byTag(fleet, 'start', { order: ORDER })).toMatchObject({
      outcome: 'succeeded',
      totals: { done: 3 },
    });
    expect(orderOf('instance.starting')).toEqual(['db', 'app']);
  }));

it('holds back what needs a group that is not healthy, and says so', () =>
  withFleet({ instances: 3, ...tagged }, async (fleet) => {
    setTags(fleet, 0, { tier: 'db' });
    const app = setTags(fleet, 1, { tier: 'app' });
    cloudAssistant(fleet.simulator.simulation).answers.add({ content: 'ready', exitCode: 1 });
    await byTag(fleet, 'stop');
    const result = await byTag(fleet, 'start', { order: ORDER });
    expect(result).toMatchObject({ outcome: 'partly-failed', totals: { done: 2, failed: 1 } });
    expect(result.exceptions).toMatchObject([
      {
        instanceId: app,
        outcome: 'NotStarted',
        reason: expect.stringContaining('held back: database') as string,
      },
    ]);
    expect(statuses(fleet)).toEqual({ Running: 2, Stopped: 1 });
  }));

it('does not start what needs a group that runs already and is not healthy; what nobody waits for is not looked at', () =>
  withFleet({ instances: 2, ...tagged }, async (fleet) => {
    const db = setTags(fleet, 0, { tier: 'db' });
    const app = setTags(fleet, 1, { tier: 'app' });
    const { answers } = cloudAssistant(fleet.simulator.simulation);
    const unwell = answers.add({ content: 'ready', exitCode: 1 });
    await byTag(fleet, 'stop', { tags: [{ key: 'tier', value: 'app' }] });
    const result = await byTag(fleet, 'start', { order: ORDER });
    expect(result).toMatchObject({ outcome: 'partly-failed', totals: { already: 1, failed: 1 } });
    expect(result.exceptions).toMatchObject([
      {
        instanceId: app,
        outcome: 'NotStarted',
        reason: expect.stringContaining(`held back: database is not healthy after 2 min: ${db}`) as string,
      },
    ]);
    expect(fleet.callsOf('StartInstances')).toBe(0);

    answers.remove(unwell);
    answers.add({ content: 'ready', exitCode: 0 });
    expect(await byTag(fleet, 'start', { order: ORDER })).toMatchObject({ totals: { already: 1, done: 1 } });
    const asked = fleet.callsOf('RunCommand');
    expect(asked).toBeGreaterThan(1);
    expect(await byTag(fleet, 'start', { order: ORDER })).toMatchObject({ outcome: 'nothing-to-do' });
    expect(fleet.callsOf('RunCommand')).toBe(asked);
  }));

const POLICIES: PolicyFile = {
  version: 1,
  policies: [],
  hooks: {
    drain: {
      kind: 'command',
      timeoutMs: 60_000,
      onFailure: 'abort',
      command: { content: 'drain', timeoutSeconds: 30 },
    },
    slow: {
      kind: 'command',
      timeoutMs: 60_000,
      onFailure: 'abort',
      command: { content: 'slow', timeoutSeconds: 3_600 },
    },
    negligible: {
      kind: 'command',
      timeoutMs: 60_000,
      onFailure: 'continue',
      command: { content: 'slow', timeoutSeconds: 3_600 },
    },
  },
};

it('runs the hook before a stop, and leaves running where it failed', () =>
  withFleet({ instances: 3, ...tagged, policies: POLICIES }, async (fleet) => {
    const { answers } = cloudAssistant(fleet.simulator.simulation);
    const [bad = ''] = fleet.simulator.instanceIds;
    answers.add({ content: 'drain', instanceId: bad, exitCode: 3 });
    answers.add({ content: 'drain', exitCode: 0 });
    const result = await byTag(fleet, 'stop', { beforeStop: 'drain' });
    expect(result).toMatchObject({ outcome: 'partly-failed', totals: { done: 2, failed: 1 } });
    expect(result.exceptions).toMatchObject([
      { instanceId: bad, reason: expect.stringContaining('left running: hook drain: exit code 3') as string },
    ]);
    expect(statuses(fleet)).toEqual({ Stopped: 2, Running: 1 });
    const { ledger } = fleet.simulator.simulation;
    const order = ledger.query({ kind: 'call' }).map((record) => (record as { action: string }).action);
    expect(order.indexOf('RunCommand')).toBeLessThan(order.indexOf('StopInstances'));
  }));

it('cancels the hook before a stop at its time limit, and does with the rest as its onFailure says', () =>
  withFleet({ instances: 3, ...tagged, policies: POLICIES }, async (fleet) => {
    const { answers } = cloudAssistant(fleet.simulator.simulation);
    const [slow = ''] = fleet.simulator.instanceIds;
    answers.add({ content: 'slow', instanceId: slow, hang: true });
    answers.add({ content: 'slow', exitCode: 0 });
    const handle = await startByTag(fleet, 'stop', { beforeStop: 'slow' });
    const result = await handle.result();
    expect(result).toMatchObject({ outcome: 'partly-failed', totals: { done: 2, failed: 1 } });
    expect(result.exceptions).toMatchObject([
      {
        instanceId: slow,
        reason: expect.stringContaining('left running: hook slow: not done within 60 s') as string,
      },
    ]);
    expect(fleet.callsOf('StopInvocation')).toBe(1);
    const id = `${handle.workflowId}/before/slow/1/${slow}`;
    const child = fleet.temporal.client.workflow.getHandle<() => Promise<RunCommandResult>>(id);
    expect((await child.result()).outcome).toBe('cancelled');

    const regardless = await byTag(fleet, 'stop', { beforeStop: 'negligible' });
    expect(regardless).toMatchObject({ outcome: 'succeeded', totals: { done: 1, already: 2 } });
    expect(fleet.callsOf('StopInvocation')).toBe(2);
  }));

it('forces a stop only by policy, and only after an ordinary one', () =>
  withFleet({ instances: 2, ...tagged, durations: { stopping: 10 * HOUR } }, async (fleet) => {
    const result = await byTag(fleet, 'stop', { forceAfterMinutes: 5, withinMinutes: 20 });
    const { ledger } = fleet.simulator.simulation;
    expect(ledger.query({ kind: 'call', action: 'StopInstances' })).toHaveLength(2);
    expect(result.calls).toBe(2);
  }));
