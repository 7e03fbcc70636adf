/**
 * Hooks and health around the reboot: each may block, and what blocks is said. The oracle is the ledger: where a hook
 * aborts there is no reboot.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { HANDLE_SYSTEM_EVENT, systemEventIdOf } from '../../src/domain/event-messages';
import { taskQueueOf } from '../../src/domain/messages';
import type { PolicyFile } from '../../src/domain/policy';
import type { HandleSystemEventInput, SystemEventResult } from '../../src/domain/system-event';
import { parsePolicyFile } from '../../src/hooks/policy-file';
import type { ScriptedAnswerInput } from '../../simulator/exec';
import { REGION, withFleet } from '../support/skipping-environment';
import type { Fleet } from '../support/skipping-environment';

const HOUR = 3_600_000;

/** A policy that acts, with one hook before the reboot. */
function withHook(hook: string, more = ''): PolicyFile {
  const parsed = parsePolicyFile(`
version: 1
policies:
  - name: any
    ifNoWindow: act-at-deadline
    pre: [first]
    healthWithin: 5m
    ${more}
hooks:
  first: ${hook}
`);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
  return parsed.file;
}

const command = (onFailure: string): string =>
  `{command: {type: RunShellScript, content: drain, timeoutSeconds: 60}, timeout: 10m, onFailure: ${onFailure}}`;

async function handle(fleet: Fleet, answers: ScriptedAnswerInput[] = []): Promise<SystemEventResult> {
  const { simulation } = fleet.simulator;
  for (const answer of answers) simulation.assistant.answers.add(answer);
  const [instanceId = ''] = fleet.simulator.instanceIds;
  const notBefore = simulation.clock.now() + 24 * HOUR;
  const { eventId } = simulation.systemEvents.raise({
    instanceId,
    regionId: REGION,
    type: 'SystemMaintenance.Reboot',
    notBefore,
  });
  return fleet.temporal.client.workflow.execute<
    (input: HandleSystemEventInput) => Promise<SystemEventResult>
  >(HANDLE_SYSTEM_EVENT, {
    taskQueue: taskQueueOf(fleet.account),
    workflowId: systemEventIdOf(fleet.account, REGION, eventId),
    args: [{ region: REGION, eventId }],
  });
}

const reboots = (fleet: Fleet): number =>
  fleet.simulator.simulation.ledger
    .query({ kind: 'effect', effect: 'instance.rebooting' })
    .filter((record) => record.requestId).length;

describe('a command before the reboot', () => {
  it('that fails and aborts leaves the instance alone and escalates', () =>
    withFleet({ instances: 1, policies: withHook(command('abort')) }, async (fleet) => {
      const result = await handle(fleet, [{ content: 'drain', exitCode: 3 }]);
      expect(result).toMatchObject({
        outcome: 'escalated',
        step: 'pre/first',
        reason: 'exit code 3',
        reboots: 0,
      });
      expect(reboots(fleet)).toBe(0);
    }));

  it.each(['continue', 'alert'])('that fails does not hinder where its policy says %s', (onFailure) =>
    withFleet({ instances: 1, policies: withHook(command(onFailure)) }, async (fleet) => {
      const result = await handle(fleet, [{ content: 'drain', exitCode: 3 }]);
      expect(result).toMatchObject({ outcome: 'avoided', reboots: 1 });
      expect(result.steps.some((step) => step.step === 'alert')).toBe(onFailure === 'alert');
    }),
  );
});

it('snapshots of all disks are waited for before the reboot', () =>
  withFleet(
    { instances: 1, policies: withHook('{snapshot: {wait: true}, timeout: 6h, onFailure: abort}') },
    async (fleet) => {
      const result = await handle(fleet);
      expect(result).toMatchObject({ outcome: 'avoided', reboots: 1 });
      const { ledger } = fleet.simulator.simulation;
      expect(ledger.query({ kind: 'call', action: 'CreateSnapshot' })).toHaveLength(1);
      expect(result.steps.find((step) => step.step === 'pre/first')).toMatchObject({ ok: true });
    },
  ));

describe('a webhook', () => {
  async function answering(
    bodies: string[],
    work: (port: number, asked: () => number) => Promise<void>,
  ): Promise<void> {
    let asked = 0;
    const server = createServer((_request, response) => {
      response.end(bodies[Math.min(asked, bodies.length - 1)]);
      asked += 1;
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    await work((server.address() as AddressInfo).port, () => asked).finally(() => server.close());
  }
  const hook = (port: number): string =>
    `{webhook: {url: 'http://127.0.0.1:${port}/'}, timeout: 30m, onFailure: abort}`;

  it('that says "not yet" twice is asked until it says go', () =>
    answering(
      ['{"verdict":"not-yet","retryAfterSeconds":300}', '{"verdict":"not-yet"}', '{"verdict":"go"}'],
      (port, asked) =>
        withFleet({ instances: 1, policies: withHook(hook(port)) }, async (fleet) => {
          expect(await handle(fleet)).toMatchObject({ outcome: 'avoided', reboots: 1 });
          expect(asked()).toBe(3);
        }),
    ));

  it.each([
    ['says no', '{"verdict":"no","reason":"freeze"}', 1],
    ['answers rubbish', '<html>', 60],
    ['never says yes', '{"verdict":"not-yet","retryAfterSeconds":600}', 4],
    ['says "in a second" for ever', '{"verdict":"not-yet","retryAfterSeconds":1}', 150],
  ])('that %s stops the reboot, and is asked no more', (_name, body, most) =>
    answering([body], (port, asked) =>
      withFleet({ instances: 1, policies: withHook(hook(port)) }, async (fleet) => {
        expect(await handle(fleet)).toMatchObject({ outcome: 'escalated', step: 'pre/first', reboots: 0 });
        expect(reboots(fleet)).toBe(0);
        expect(asked()).toBeGreaterThan(0);
        expect(asked()).toBeLessThanOrEqual(most);
      }),
    ),
  );

  it('at the metadata address is never called', () =>
    withFleet(
      {
        instances: 1,
        policies: withHook(
          "{webhook: {url: 'https://100.100.100.200/latest/'}, timeout: 5m, onFailure: abort}",
        ),
      },
      async (fleet) => {
        expect(await handle(fleet)).toMatchObject({ outcome: 'escalated', step: 'pre/first', reboots: 0 });
      },
    ));
});

it('health that never comes is escalated, with one reboot and no second', () =>
  withFleet(
    { instances: 1, policies: withHook(command('continue'), "health: {command: 'unwell'}") },
    async (fleet) => {
      const result = await handle(fleet, [{ content: 'unwell', exitCode: 1 }]);
      expect(result).toMatchObject({ outcome: 'escalated', step: 'health', reboots: 1 });
      expect(reboots(fleet)).toBe(1);
    },
  ));
