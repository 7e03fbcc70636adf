/**
 * Secrets planted in a worker and a command line are found in no history, log, message or file, whatever fails; and what
 * a command says is in history as input alone, not again in the errors of calls that carry it.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { FaultSpec } from '../../simulator/core/faults';
import { eventsOf, filesText, leaked } from '../support/canaries';
import { cli, startCli } from '../support/cli';
import type { Finished, Running } from '../support/cli';
import { LiveServer, Site } from '../support/live-site';
import { until } from '../support/temporary';

const STS = 'CANARY/sts+token==Zm9vYmFyYmF6cXV4';
const API_KEY = 'CANARY.api-key.Zm9vYmFyYmF6';
const WRONG_SECRET = 'CANARYwrongSecret0123456789abc';
/** In history by design, as input; nowhere else. */
const COMMAND = {
  script: 'CANARY in the script',
  parameter: 'CANARY-of-a-parameter',
  variable: 'CANARY; of a $variable',
};

let live: LiveServer;
let site: Site;
let secrets: Record<string, string>;
let resultsDir: string;

beforeAll(async () => {
  live = await LiveServer.start();
  site = await Site.start(live, { instances: 2 });
  secrets = { secret: site.simulator.accessKeySecret, sts: STS, apiKey: API_KEY, wrong: WRONG_SECRET };
  resultsDir = join(live.dir, 'results');
  mkdirSync(resultsDir);
}, 60_000);

afterAll(async () => {
  await site.close();
  await live.close();
});

/** The environment of a worker and of a command line beside it, with everything a person may have set. */
function environment(accessKeySecret: string): Record<string, string> {
  return {
    TEMPORAL_ADDRESS: live.server.address,
    TEMPORAL_API_KEY: API_KEY,
    TEMPORAL_TLS: 'false',
    STEWARD_ACCOUNT: site.account,
    STEWARD_RESULTS_DIR: resultsDir,
    STEWARD_LOG_LEVEL: 'trace',
    ECS_ENDPOINT: site.simulator.endpoint,
    ALIBABA_CLOUD_ACCESS_KEY_ID: site.simulator.accessKeyId,
    ALIBABA_CLOUD_ACCESS_KEY_SECRET: accessKeySecret,
    ALIBABA_CLOUD_SECURITY_TOKEN: STS,
  };
}

/** Runs a command under faults, with a worker of its own that has `secret`. */
async function runUnder(
  faults: FaultSpec[],
  secret = site.simulator.accessKeySecret,
): Promise<{ run: Finished; worker: Finished; doctor: Finished; workflowId: string }> {
  const options = { stateDir: live.dir, env: environment(secret) };
  const worker = await startCli(['worker'], options);
  await until('the worker polls', () => worker.stdout().includes('"ready":true'));
  site.simulator.simulation.faults.clear();
  site.simulator.simulation.faults.set(faults);
  const ids = site.simulator.instanceIds.flatMap((id) => ['--instance', id]);
  const parameter = ['--parameter', `p=${COMMAND.parameter}`, '--env', `V=${COMMAND.variable}`];
  const words = ['--', 'uname', '#', '{{p}}', COMMAND.script];
  const command = ['run', '--region', site.simulator.regionId, ...ids, ...parameter, '--json', ...words];
  const run = await cli(command, options);
  const doctor = await cli(['doctor', '--region', site.simulator.regionId], options);
  const { workflowId } = JSON.parse(run.stdout) as { workflowId: string };
  return { run, worker: await ended(worker), doctor, workflowId };
}

async function ended(worker: Running): Promise<Finished> {
  worker.child.kill('SIGTERM');
  return worker.finished;
}

const ONCE = { count: 1 } as const;
const CASES: [string, FaultSpec[], string | undefined, outcome: string, says: RegExp][] = [
  [
    'answers lost, cut, malformed, and of a proxy',
    [
      { action: 'RunCommand', kind: 'reset', phase: 'before', ...ONCE },
      { action: 'DescribeInstances', kind: 'html', phase: 'before', ...ONCE },
      { action: 'DescribeCloudAssistantStatus', kind: 'malformedJson', ...ONCE },
      { action: 'DescribeInvocationResults', kind: 'truncated', ...ONCE },
    ],
    undefined,
    'succeeded',
    /Transport\./,
  ],
  ['a wrong secret', [], WRONG_SECRET, 'failed', /SignatureDoesNotMatch/],
  [
    'a signature refused for RunCommand alone, with the string to sign',
    [
      {
        action: 'RunCommand',
        kind: 'error',
        phase: 'before',
        httpStatus: 400,
        code: 'SignatureDoesNotMatch',
        message: `Specified signature is not matched with our calculation. server string to sign is:POST&%2F&AccessKeyId%3Dx%26CommandContent%3D${encodeURIComponent(Buffer.from(`uname # {{p}} ${COMMAND.script}`).toString('base64'))}%26SecurityToken%3D${encodeURIComponent(STS)}`,
      },
    ],
    undefined,
    'failed',
    /SignatureDoesNotMatch/,
  ],
  [
    'a permission taken away',
    [{ action: 'RunCommand', kind: 'error', phase: 'before', httpStatus: 403, code: 'Forbidden.RAM' }],
    undefined,
    'failed',
    /Forbidden\.RAM/,
  ],
  [
    'an expired token',
    [{ kind: 'expiredCredentials' }],
    undefined,
    'failed',
    /InvalidSecurityToken\.Expired/,
  ],
];

test.each(CASES)('%s: nothing leaks', async (_, faults, secret, outcome, says) => {
  const { run, worker, doctor, workflowId } = await runUnder(faults, secret);
  expect(JSON.parse(run.stdout)).toMatchObject({ outcome });
  const events = await eventsOf(live.client.workflow.getHandle(workflowId));
  const watcher = await eventsOf(site.watcher).catch(() => []);
  const said = [...events, ...watcher].map(({ text }) => text).join('\n');
  // Something went wrong indeed, and the history tells of it.
  expect([outcome, says.test(said)]).toEqual([outcome, true]);
  const logs = [worker.stderr, worker.stdout, run.stderr, doctor.stdout, doctor.stderr].join('\n');
  const everything = [said, logs, run.stdout, filesText(resultsDir)].join('\n');
  expect(leaked(everything, secrets)).toEqual([]);
  const { searchAttributes, memo } = await live.client.workflow.getHandle(workflowId).describe();
  expect(leaked(JSON.stringify([workflowId, searchAttributes, memo]), COMMAND)).toEqual([]);
  const inputs = /^(workflowExecutionStarted|activityTaskScheduled)$/;
  const errors = events.filter(({ type }) => !inputs.test(type)).map(({ text }) => text);
  expect(leaked([...errors, logs, run.stdout, filesText(resultsDir)].join('\n'), COMMAND)).toEqual([]);
});

test('and the search finds what is there', async () => {
  const list: { workflowId: string }[] = [];
  for await (const each of live.client.workflow.list({ query: `WorkflowType = 'runCommand'` }))
    list.push(each);
  const [first] = list;
  const events = await eventsOf(live.client.workflow.getHandle(first?.workflowId ?? ''));
  expect(leaked(events.map(({ text }) => text).join('\n'), COMMAND)).toEqual([
    'script',
    'parameter',
    'variable',
  ]);
  for (const form of [STS, encodeURIComponent(STS), Buffer.from(`a ${STS} b`).toString('base64')])
    expect(leaked(`… ${form} …`, secrets)).toEqual(['sts']);
});
