import type { WorkflowFailedError } from '@temporalio/client';
import type { RunCommandInput, RunCommandResult } from '../../src/domain/messages';
import { cloudAssistant } from '../../simulator/assistant';
import type { ScriptedAnswerInput } from '../../simulator/exec';
import { readRows } from '../../src/results/store';
import { REGION, withFleet } from '../support/skipping-environment';
import type { Fleet } from '../support/skipping-environment';

function inputFor(
  fleet: Fleet,
  over: Partial<RunCommandInput['command']> = {},
  ids = fleet.simulator.instanceIds,
): RunCommandInput {
  return {
    region: REGION,
    targets: { instanceIds: [...ids] },
    command: { type: 'RunShellScript', content: 'cat /proc/meminfo', ...over },
  };
}

function script(fleet: Fleet, answer: ScriptedAnswerInput): void {
  cloudAssistant(fleet.simulator.simulation).answers.add(answer);
}

describe('a run', () => {
  it('returns a row for every instance with the first line of its output', () =>
    withFleet({ instances: 3 }, async (fleet) => {
      const result = await fleet.run(inputFor(fleet));
      expect(result).toMatchObject({
        outcome: 'succeeded',
        totals: { targets: 3, Success: 3 },
        rowsTruncated: false,
      });
      expect(result.rows.map((row) => row.instanceId).sort()).toEqual(
        [...fleet.simulator.instanceIds].sort(),
      );
      for (const row of result.rows)
        expect(row).toMatchObject({ exitCode: 0, firstLine: expect.stringMatching(/^MemTotal:/) });
      expect(fleet.callsOf('RunCommand')).toBe(1);
    }));

  it('of an hour is waited for, in few looks', () =>
    withFleet({ instances: 2 }, async (fleet) => {
      script(fleet, { content: 'long', durationMs: 3_600_000, output: 'done' });
      const result = await fleet.run(inputFor(fleet, { content: 'long', timeoutSeconds: 7_200 }));
      expect(result.totals.Success).toBe(2);
      const took = Date.parse(result.finishedAt) - Date.parse(result.startedAt);
      expect(took).toBeGreaterThanOrEqual(3_600_000);
      expect(took).toBeLessThan(3_700_000);
      expect(fleet.callsOf('DescribeInvocations')).toBeLessThan(400);
    }));

  it('on instances of which some fail says of each how it ended', () =>
    withFleet({ instances: 4 }, async (fleet) => {
      const [a = '', b = '', c = ''] = fleet.simulator.instanceIds;
      script(fleet, { instanceId: a, exitCode: 3, output: 'bad\n' });
      script(fleet, { instanceId: b, hang: true });
      script(fleet, { instanceId: c, error: 'AccountNotExists' });
      const result = await fleet.run(inputFor(fleet));
      const rows = new Map(result.rows.map((row) => [row.instanceId, row]));
      expect(result.outcome).toBe('partly-failed');
      expect(rows.get(a)).toMatchObject({
        outcome: 'Failed',
        exitCode: 3,
        reason: 'exit code 3',
        firstLine: 'bad',
      });
      expect(rows.get(b)).toMatchObject({ outcome: 'Timeout', errorCode: 'ExecutionTimeout' });
      expect(rows.get(b)).not.toHaveProperty('exitCode');
      expect(rows.get(c)).toMatchObject({ outcome: 'Failed', errorCode: 'AccountNotExists' });
      expect(result.totals).toMatchObject({ targets: 4, Success: 1, Failed: 2, Timeout: 1 });
    }));

  it('of 250 instances is sent by halves, each in batches of at most 100, and no row is lost', () =>
    withFleet({ instances: 250 }, async (fleet) => {
      const result = await fleet.run(inputFor(fleet));
      expect(result).toMatchObject({ outcome: 'succeeded', totals: { targets: 250, Success: 250 } });
      // Whichever batch of the first half ends first makes room for one of its size.
      expect(result.invocations.map((each) => each.instances).sort()).toEqual([62, 62, 63, 63]);
      expect([fleet.callsOf('RunCommand'), fleet.callsOf('DescribeInvocationResults')]).toEqual([4, 8]);
      const rows = await readRows(result.resultStore.path);
      expect(new Set(rows.map((row) => row.instanceId))).toEqual(new Set(fleet.simulator.instanceIds));
      expect(rows.every((row) => row.output?.startsWith('MemTotal:'))).toBe(true);
    }));

  it('with 24 KB of output from each keeps all the bytes, and the result stays small', () =>
    withFleet({ instances: 100 }, async (fleet) => {
      script(fleet, { content: 'chatty', outputBytes: 40_000 });
      const result = await fleet.run(inputFor(fleet, { content: 'chatty' }));
      expect(JSON.stringify(result).length).toBeLessThan(64 * 1024);
      expect(result.rows).toHaveLength(100);
      for (const row of await readRows(result.resultStore.path)) {
        expect(row.droppedBytes).toBe(40_000 - Buffer.byteLength(row.output ?? ''));
      }
    }));
});

describe('values of the environment', () => {
  it('reach every instance byte for byte, whatever they are, and are in nothing but the input', () =>
    withFleet({ instances: 3 }, async (fleet) => {
      const value = 'it\'s "a"; $(reboot) `x` {{ACS::InstanceId}} 目录\r\n\n';
      const content = `#!/bin/sh\nprintf '%s' "$VALUE"`;
      const handle = await fleet.start(inputFor(fleet, { content, environment: { VALUE: value } }));
      const result = await handle.result();
      const rows = await readRows(result.resultStore.path);
      expect(rows.map(({ output }) => output)).toEqual([value, value, value]);
      const { searchAttributes, memo, workflowId } = await handle.describe();
      expect(JSON.stringify([searchAttributes, memo, workflowId])).not.toMatch(/reboot|VALUE/);
      expect(fleet.simulator.simulation.ledger.counts().unknownParameters).toEqual({});
    }));
});

describe('targets', () => {
  it('by tag are all found, past the 1,000 a tag filter would give', () =>
    withFleet({ instances: 1_200, tags: { role: 'web' } }, async (fleet) => {
      const result = await fleet.run({
        ...inputFor(fleet),
        targets: { tags: [{ key: 'role', value: 'web' }] },
      });
      expect(result).toMatchObject({ outcome: 'succeeded', totals: { targets: 1_200, Success: 1_200 } });
      expect(fleet.callsOf('RunCommand')).toBe(12);
    }));

  it('that match nothing end the run without a command: a success only where that was said to be one', () =>
    withFleet({ instances: 1 }, async (fleet) => {
      const on = (allowEmpty?: boolean): Promise<RunCommandResult> =>
        fleet.run({ ...inputFor(fleet), targets: { tags: [{ key: 'nobody' }], allowEmpty } });
      expect(await on()).toMatchObject({
        outcome: 'no-targets',
        summary: expect.stringContaining('--allow-empty'),
        totals: { targets: 0 },
        rows: [],
      });
      expect(await on(true)).toMatchObject({ outcome: 'succeeded', totals: { targets: 0 }, rows: [] });
      expect(fleet.callsOf('RunCommand')).toBe(0);
    }));

  it('that are all unfit are each told why, without a command', () =>
    withFleet({ instances: [{ status: 'Stopped' }, { agent: { installed: false } }] }, async (fleet) => {
      const ids = [...fleet.simulator.instanceIds, 'i-bpnotthere'];
      const result = await fleet.run(inputFor(fleet, {}, ids));
      expect(result).toMatchObject({ outcome: 'failed', totals: { targets: 3, Unfit: 3 } });
      const reasons = result.rows.map((row) => row.reason);
      expect(reasons).toEqual([
        expect.stringContaining('Stopped'),
        expect.stringContaining('agent'),
        `not found in ${REGION}`,
      ]);
      expect(fleet.callsOf('RunCommand')).toBe(0);
    }));
});

describe('input', () => {
  it('is refused with every error, before any call', () =>
    withFleet({ instances: 1 }, async (fleet) => {
      const bad = {
        region: 'evil.com#',
        targets: {},
        command: { type: 'Perl', content: '', timeoutSeconds: 9 },
      };
      const failure = await fleet.run(bad as unknown as RunCommandInput).catch((error: unknown) => error);
      const { cause } = failure as WorkflowFailedError;
      expect(cause).toMatchObject({ type: 'InvalidInput', nonRetryable: true });
      expect(cause?.message).toMatch(/region[\s\S]*command\.type[\s\S]*timeoutSeconds[\s\S]*targets/);
      expect(fleet.simulator.simulation.ledger.query({ kind: 'call' })).toEqual([]);
    }));
});
