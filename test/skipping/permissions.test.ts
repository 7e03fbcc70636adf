import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FEATURES, ramPolicyFor } from '../../src/domain/permissions';
import { INSTALL_AGENTS } from '../../src/domain/agents';
import type { InstallAgentsInput, InstallAgentsResult } from '../../src/domain/agents';
import { taskQueueOf } from '../../src/domain/messages';
import type { RunCommandInput, RunCommandResult } from '../../src/domain/messages';
import { cloudAssistant } from '../../simulator/assistant';
import { REGION, withFleet } from '../support/skipping-environment';
import type { Fleet } from '../support/skipping-environment';
import { until } from '../support/temporary';

const INPUT: RunCommandInput = {
  region: REGION,
  targets: { tags: [{ key: 'role', value: 'web' }] },
  command: { type: 'RunShellScript', content: 'work', timeoutSeconds: 600 },
};

/** Uses everything the feature calls: targets by tag, waiting, results, and a cancel. */
async function exercise(fleet: Fleet): Promise<RunCommandResult[]> {
  const answers = cloudAssistant(fleet.simulator.simulation).answers;
  answers.add({ content: 'work', durationMs: 90_000, times: 2 });
  answers.add({ content: 'work', hang: true });
  const done = await fleet.run(INPUT);
  const before = fleet.callsOf('RunCommand');
  const handle = await fleet.start(INPUT);
  await until('RunCommand was called again', () => fleet.callsOf('RunCommand') > before);
  await handle.cancel();
  return [done, await handle.result()];
}

describe('the minimal RAM policy', () => {
  it('of runCommand is enough for all it does', () =>
    withFleet(
      { instances: 2, tags: { role: 'web' }, policy: ramPolicyFor(['runCommand']) },
      async (fleet) => {
        const [done, cancelled] = await exercise(fleet);
        expect([done?.outcome, cancelled?.outcome]).toEqual(['succeeded', 'cancelled']);
        const called = Object.keys(fleet.simulator.simulation.ledger.counts().calls).sort();
        expect(called).toEqual([...FEATURES.runCommand].sort());
        expect(fleet.simulator.simulation.ledger.counts().codes).not.toHaveProperty('Forbidden.RAM');
      },
    ));

  const installOn = (fleet: Fleet): Promise<InstallAgentsResult> =>
    fleet.temporal.client.workflow.execute<(input: InstallAgentsInput) => Promise<InstallAgentsResult>>(
      INSTALL_AGENTS,
      {
        taskQueue: taskQueueOf(fleet.account),
        workflowId: 'install',
        args: [{ region: REGION, targets: INPUT.targets, reboot: true }],
      },
    );
  const never = { agent: { installed: false }, tags: new Map([['role', 'web']]) };

  it('of agents is enough for installing them', () =>
    withFleet({ instances: [never], policy: ramPolicyFor(['agents']) }, async (fleet) => {
      expect(await installOn(fleet)).toMatchObject({ outcome: 'succeeded', counts: { Installed: 1 } });
      const { calls, codes } = fleet.simulator.simulation.ledger.counts();
      expect(Object.keys(calls).sort()).toEqual([...FEATURES.agents].sort());
      expect(codes).not.toHaveProperty('Forbidden.RAM');
    }));

  it('of agents without InstallCloudAssistant or RebootInstance: the error names it, nothing is rebooted', () =>
    withFleet({ instances: [never] }, async (fleet) => {
      const { simulation } = fleet.simulator;
      for (const missing of ['InstallCloudAssistant', 'RebootInstance']) {
        const [all] = ramPolicyFor(['agents']).Statement;
        const Action = (all?.Action ?? []).filter((action) => action !== `ecs:${missing}`);
        simulation.policy = { Version: '1', Statement: [{ Effect: 'Allow', Action, Resource: '*' }] };
        expect(JSON.stringify(await installOn(fleet))).toContain(`ecs:${missing}`);
      }
      expect(simulation.ledger.query({ kind: 'effect', effect: 'instance.rebooting' })).toEqual([]);
    }));

  const reported = FEATURES.runCommand.filter(
    (action) => action !== 'StopInvocation' && action !== 'DescribeInvocations',
  );
  it.each(reported)('without %s the error names it', (missing) => {
    const policy = ramPolicyFor(['runCommand']);
    policy.Statement = policy.Statement.map((s) => ({
      ...s,
      Action: s.Action.filter((a) => a !== `ecs:${missing}`),
    }));
    return withFleet({ instances: 2, tags: { role: 'web' }, policy }, async (fleet) => {
      const result = await fleet.run({ ...INPUT, command: { ...INPUT.command, content: 'hostname' } });
      expect(result.outcome).toBe('failed');
      expect(JSON.stringify(result)).toContain(`ecs:${missing}`);
    });
  });

  it('is what docs/security.md prints', () => {
    const text = readFileSync(join(__dirname, '../../docs/security.md'), 'utf8');
    const printed = /```json\n([\s\S]*?)```/.exec(text)?.[1] ?? '';
    expect(JSON.parse(printed)).toEqual(ramPolicyFor(['runCommand']));
    const [, both = '', , hours = '', saved = '', agents = '', files = ''] = [
      ...text.matchAll(/```json\n([\s\S]*?)```/g),
    ].map(([, json]) => json);
    expect(JSON.parse(both)).toEqual(ramPolicyFor(['runCommand', 'systemEvents']));
    expect(JSON.parse(hours)).toEqual(ramPolicyFor(['workingHours']));
    expect(JSON.parse(saved)).toEqual(ramPolicyFor(['savedCommands']));
    expect(JSON.parse(agents)).toEqual(ramPolicyFor(['agents']));
    expect(JSON.parse(files)).toEqual(ramPolicyFor(['sendFile']));
  });
});
