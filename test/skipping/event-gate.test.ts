/**
 * System events at the gate: one operation an instance, so many of a group, and what happens where there is no turn.
 * The oracle is the simulator's ledger: when instances rebooted and when they were back.
 */
import type { EffectRecord } from '../../simulator/core/ledger';
import {
  GATE,
  GATE_SIGNALS,
  freshGateState,
  gateIdOf,
  groupGateKey,
  instanceGateKey,
} from '../../src/domain/gate';
import type { GateKey, GateRequest, GateState } from '../../src/domain/gate';
import { taskQueueOf } from '../../src/domain/messages';
import type { PolicyFile } from '../../src/domain/policy';
import { until } from '../support/until';
import { HOUR, inPhase, policyFile, raise, rebootsOf, startHandler } from '../support/events';
import { REGION, withFleet } from '../support/skipping-environment';
import type { Fleet } from '../support/skipping-environment';

const policy = (more = ''): PolicyFile =>
  policyFile(`
version: 1
policies:
  - name: any
    margin: 30m
    health: { command: 'true' }
${more}
hooks:
  drain: { command: { content: drain, timeoutSeconds: 3600 }, timeout: 2h }
`);

const GROUP = '    limit: { tag: role, atOnce: 1 }';

/** Somebody else of ours: the gate's own workflow, as it is open anyway. */
async function another(fleet: Fleet, keys: GateKey[], over: Partial<GateRequest> = {}): Promise<void> {
  const { workflow } = fleet.temporal.client;
  const holder = gateIdOf(fleet.account, REGION);
  const signal = (name: string, argument: unknown): Promise<unknown> =>
    workflow.signalWithStart(GATE, {
      workflowId: holder,
      taskQueue: taskQueueOf(fleet.account),
      args: [freshGateState(REGION)],
      signal: name,
      signalArgs: [argument],
    });
  await signal(GATE_SIGNALS.release, 'nothing');
  const { runId } = await workflow.getHandle(holder).describe();
  const request: GateRequest = {
    requestId: 'another',
    holder,
    runId,
    purpose: 'relaunch',
    keys: keys.map(({ key }) => key),
    askedAt: 0,
    ...over,
  };
  await signal(GATE_SIGNALS.request, request);
}

const instanceKey = (fleet: Fleet): GateKey => instanceGateKey(fleet.simulator.instanceIds[0] ?? '');

it('of a group no two are rebooted at once: the next begins when the one before is back', () =>
  withFleet({ instances: 3, tags: { role: 'db' }, policies: policy(GROUP) }, async (fleet) => {
    const handles = await Promise.all(
      [0, 1, 2].map((index) => startHandler(fleet, raise(fleet, 24 * HOUR, index))),
    );
    for (const handle of handles)
      expect(await handle.result()).toMatchObject({ outcome: 'avoided', reboots: 1 });
    const { ledger } = fleet.simulator.simulation;
    const seen = (ledger.query({ kind: 'effect' }) as EffectRecord[])
      .filter(({ effect }) => effect === 'instance.rebooting' || effect === 'instance.running')
      .slice(-6)
      .map(({ effect, resourceId }) => `${effect} ${resourceId}`);
    const order = rebootsOf(fleet).map(({ resourceId }) => resourceId);
    expect(new Set(order).size).toBe(3);
    expect(seen).toEqual(order.flatMap((id) => [`instance.rebooting ${id}`, `instance.running ${id}`]));
  }));

it('two events of one instance are answered by one reboot', () =>
  withFleet({ instances: 1, policies: policy() }, async (fleet) => {
    const handles = [
      await startHandler(fleet, raise(fleet, 24 * HOUR)),
      await startHandler(fleet, raise(fleet, 24 * HOUR)),
    ];
    for (const handle of handles) expect((await handle.result()).eventStatus).toBe('Avoided');
    expect(rebootsOf(fleet)).toHaveLength(1);
  }));

describe('where there is no turn in time', () => {
  it('because another operation holds the instance, nothing is rebooted and people are told', () =>
    withFleet({ instances: 1, policies: policy() }, async (fleet) => {
      await another(fleet, [instanceKey(fleet)]);
      const result = await (await startHandler(fleet, raise(fleet, 24 * HOUR))).result();
      expect(result).toMatchObject({
        outcome: 'escalated',
        step: 'gate',
        reboots: 0,
        eventStatus: 'Executed',
      });
      expect(rebootsOf(fleet)).toEqual([]);
    }));

  it.each([
    ['alert', 'escalated', 0],
    ['act', 'avoided', 1],
  ])('because its group is busy, and the policy says %s: %s', (otherwise, outcome, reboots) =>
    withFleet(
      {
        instances: 1,
        tags: { role: 'db' },
        policies: policy(GROUP.replace('1 }', `1, otherwise: ${otherwise} }`)),
      },
      async (fleet) => {
        await another(fleet, [groupGateKey('role', 'db', 1)]);
        const result = await (await startHandler(fleet, raise(fleet, 24 * HOUR))).result();
        expect(result).toMatchObject({ outcome, reboots });
        expect(rebootsOf(fleet)).toHaveLength(reboots);
      },
    ),
  );
});

it('a pre-emption makes it stand down before the reboot, and it says so', () =>
  withFleet({ instances: 1, policies: policy('    pre: [drain]') }, async (fleet) => {
    fleet.simulator.simulation.assistant.answers.add({ content: 'drain', durationMs: HOUR / 2 });
    const handle = await startHandler(fleet, raise(fleet, 24 * HOUR));
    await inPhase(handle, 'holding');
    await handle.executeUpdate('now');
    // The hook's command is waited for: the test server stalls now and then where what is cancelled is just starting.
    await until('the hook runs', () => fleet.callsOf('DescribeInvocations') > 0);
    await another(fleet, [instanceKey(fleet)], { preempt: true });
    const result = await handle.result();
    expect(result).toMatchObject({ outcome: 'pre-empted', reboots: 0 });
    expect(result.steps.at(-1)?.detail ?? '').not.toBe('');
    expect(result.steps.some(({ detail }) => detail.includes('took the instance'))).toBe(true);
    expect(rebootsOf(fleet)).toEqual([]);
  }));

it('is cancelled while it waits for its turn, and its request is withdrawn', () =>
  withFleet({ instances: 1, policies: policy() }, async (fleet) => {
    await another(fleet, [instanceKey(fleet)]);
    const handle = await startHandler(fleet, raise(fleet, 24 * HOUR));
    await inPhase(handle, 'holding');
    await handle.executeUpdate('now');
    await inPhase(handle, 'gate');
    await handle.cancel();
    await until('it has ended', async () => (await handle.describe()).status.name === 'CANCELLED');
    const gate = fleet.temporal.client.workflow.getHandle(gateIdOf(fleet.account, REGION));
    const { waiting } = await gate.query<GateState>('progress');
    expect(waiting).toEqual([]);
    expect(rebootsOf(fleet)).toEqual([]);
  }));
