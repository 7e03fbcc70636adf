import { agentRowOf, reportOf } from '../../src/domain/agents';
import type { AgentFacts, AgentRow, InstallRow } from '../../src/domain/agents';
import { parseInstallAgentsInput, parseReportAgentsInput } from '../../src/domain/agents-input';
import { endReboot, newInstallState, noteFound, sortAgents, sumOf } from '../../src/domain/install-state';
import { nextBatchSize } from '../../src/domain/rate';
import { assertResultSize } from '../../src/domain/rows';

const REGION = 'cn-hangzhou';
const INPUT = { region: REGION, targets: { all: true } };
const RUNNING = { name: 'web', status: 'Running', osType: 'linux' };
const ALIVE = {
  alive: true,
  version: '2.2.3.915',
  lastHeartbeatAt: '2026-01-01T00:00:00Z',
  activeTasks: 0,
  invocations: 3,
};
const DEAD = { ...ALIVE, alive: false, version: '', lastHeartbeatAt: '' };

describe('why an agent is not alive', () => {
  const reason = (facts: Omit<AgentFacts, 'instanceId'>): string | undefined =>
    agentRowOf({ instanceId: 'i-a', ...facts }, REGION).reason;

  it.each([
    [{}, /^not found in cn-hangzhou$/],
    [{ instance: { ...RUNNING, status: 'Stopped' }, agent: DEAD }, /^the instance is Stopped$/],
    [{ instance: RUNNING }, /^no status listed/],
    [{ instance: RUNNING, agent: DEAD }, /^never heard of: not installed, or cut off/],
    [
      { instance: RUNNING, agent: { ...DEAD, lastHeartbeatAt: '2026-01-01T00:00:00Z' } },
      /^no heartbeat since 2026-01-01T00:00:00Z: /,
    ],
  ])('%j', (facts, text) => {
    expect(reason(facts)).toMatch(text);
  });

  it('is not asked of one that is alive, but of one whose instance is gone', () => {
    expect(reason({ instance: RUNNING, agent: ALIVE })).toBeUndefined();
    expect(reason({ agent: ALIVE })).toBe('not found in cn-hangzhou');
  });
});

describe('a report', () => {
  const rows = (count: number): AgentRow[] =>
    Array.from({ length: count }, (_, at) =>
      agentRowOf(
        {
          instanceId: `i-${at}`,
          instance: { ...RUNNING, name: '界'.repeat(128) },
          agent: at % 4 === 0 ? DEAD : { ...ALIVE, version: `2.2.3.${at % 200}` },
        },
        REGION,
      ),
    );

  it('of 10,000 instances is below 256 KB, its sums are of all, and the dead come first', () => {
    const report = reportOf(rows(10_000), INPUT, '');
    expect(() => assertResultSize(report)).not.toThrow();
    expect(report).toMatchObject({ instances: 10_000, alive: 7_500, dead: 2_500, rowsTruncated: true });
    expect(report.versions).toHaveLength(50);
    expect(report.rows.some(({ alive }) => alive)).toBe(false);
  });

  it('of the dead only is whole where these are few', () => {
    const report = reportOf(rows(40), { ...INPUT, deadOnly: true }, '');
    expect(report).toMatchObject({ instances: 40, dead: 10, rowsTruncated: false, rows: { length: 10 } });
  });
});

describe('the rate of reboots', () => {
  const state = (count: number, rate = {}): ReturnType<typeof newInstallState> => {
    const made = newInstallState('run', '');
    const instanceIds = Array.from({ length: count }, (_, at) => `i-${at}`);
    noteFound(made, { plan: { instanceIds }, storePath: '', ...sumOf([]) }, { ...INPUT, rate });
    return made;
  };

  it.each([
    [5, 1, 0],
    [100, 10, 10],
    [1_000, 20, 100],
  ])('of %d instances is %d at once and %d errors where nobody says otherwise', (count, atOnce, errors) => {
    expect(state(count).limits).toEqual({ maxConcurrency: atOnce, maxErrors: errors });
  });

  it('counts as errors what was rebooted and is not well, and nothing else', () => {
    const made = state(10, { maxErrors: 1, maxConcurrency: 10 });
    const end = (outcome: InstallRow['outcome']): void => {
      made.next += 1;
      made.batches.push({ instances: 1 });
      endReboot(made, { instanceId: 'i-0', outcome });
    };
    for (const outcome of ['Installed', 'NeedsReboot', 'AlreadyRunning', 'Unknown'] as const) end(outcome);
    expect([made.stopped, nextBatchSize(made)]).toEqual([undefined, 6]);
    end('Failed');
    expect([made.stopped, nextBatchSize(made)]).toEqual(['2 errors, more than the 1 allowed', 0]);
  });
});

test('who is to be installed: who is there and does not answer, or everybody by force', () => {
  const agents = [
    agentRowOf({ instanceId: 'i-gone' }, REGION),
    agentRowOf({ instanceId: 'i-dead', instance: RUNNING, agent: DEAD }, REGION),
    agentRowOf({ instanceId: 'i-fine', instance: RUNNING, agent: ALIVE }, REGION),
  ];
  expect(sortAgents(agents, false)).toMatchObject({
    rows: [
      { instanceId: 'i-gone', outcome: 'Failed' },
      { instanceId: 'i-fine', outcome: 'AlreadyRunning' },
    ],
    todo: ['i-dead'],
  });
  expect(sortAgents(agents, true).todo).toEqual(['i-dead', 'i-fine']);
});

describe('bad input', () => {
  const errors = (value: unknown): string[] => {
    const parsed = parseInstallAgentsInput(value);
    return parsed.ok ? [] : parsed.errors.map(({ path, message }) => `${path}: ${message}`);
  };

  it.each([
    [{ ...INPUT, rate: { canary: 1 } }, /^rate: is about reboots/],
    [{ ...INPUT, withinSeconds: 59 }, /^withinSeconds: 59 must be a whole number of seconds from 60 to 3600/],
    [{ ...INPUT, reboot: 'yes' }, /^reboot: "yes" must be true or false/],
    [{ region: REGION, targets: {} }, /^targets: name nothing to run on/],
    [{ ...INPUT, rebot: true }, /^rebot: is unknown; did you mean reboot/],
    [
      { ...INPUT, reboot: true, rate: { maxConcurrency: '150%' } },
      /^rate.maxConcurrency: "150%" must be a whole/,
    ],
  ])('%j is told', (value, text) => {
    expect(errors(value)).toEqual([expect.stringMatching(text)]);
  });

  it('and everything that is wrong at once', () => {
    const parsed = parseReportAgentsInput({ region: 'evil.com#', targets: { limit: 0 } });
    expect(parsed.ok ? [] : parsed.errors.map(({ path }) => path).sort()).toEqual([
      'region',
      'targets',
      'targets.limit',
    ]);
  });
});
