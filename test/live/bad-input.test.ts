/** Bad input is answered with its place and its mend, by the command line and by the workflow, before anything happens. */
import { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { InputError } from '../../src/domain/messages';
import { INVALID_INPUT, WORKFLOW_TYPES, taskQueueOf } from '../../src/domain/messages';
import { cli } from '../support/cli';
import { INPUT_TABLE, argumentsOf, inputTableAsMarkdown } from '../support/input-table';
import type { InputRow } from '../support/input-table';
import { LiveServer, Site } from '../support/live-site';

let live: LiveServer;
let site: Site;

beforeAll(async () => {
  live = await LiveServer.start();
  site = await Site.start(live);
  await site.startWorker();
}, 60_000);

afterAll(async () => {
  await site.close();
  await live.close();
});

const onCommandLine = INPUT_TABLE.filter((row) => row.option !== undefined);
const inWorkflow = INPUT_TABLE.filter((row) => row.field !== undefined);
const named = (rows: InputRow[]): [string, InputRow][] => rows.map((row) => [row.input, row]);

function fileOf(bytes: string | Uint8Array): string {
  const file = join(live.dir, 'script');
  writeFileSync(file, bytes);
  return file;
}

describe('steward run refuses, with exit code 2 and nothing on stdout', () => {
  test.each(named(onCommandLine))('%s', async (_, row) => {
    const env = { TEMPORAL_ADDRESS: live.server.address, STEWARD_ACCOUNT: site.account };
    const { code, stdout, stderr } = await cli(argumentsOf(row, fileOf), { stateDir: live.dir, env });
    expect(stderr).toContain(`${row.option}: `);
    expect(stderr).toContain(row.answer);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });

  test('and nothing was started or called', async () => {
    expect(await live.client.workflow.count()).toMatchObject({ count: 0 });
    expect(site.simulator.simulation.ledger.counts().calls).toEqual({});
  });
});

describe('the workflow refuses with InvalidInput', () => {
  test.each(named(inWorkflow))('%s', async (input, row) => {
    const handle = await live.client.workflow.start(WORKFLOW_TYPES.runCommand, {
      taskQueue: taskQueueOf(site.account),
      workflowId: `bad: ${input}`,
      args: [row.value],
    });
    const failure = await handle.result().then(
      () => undefined,
      (error: unknown) => (error instanceof WorkflowFailedError ? error.cause : undefined),
    );
    expect(failure).toBeInstanceOf(ApplicationFailure);
    const { type, message, nonRetryable, details } = failure as ApplicationFailure;
    expect({ type, nonRetryable }).toEqual({ type: INVALID_INPUT, nonRetryable: true });
    expect(message).toContain(row.answer);
    expect((details?.[0] as InputError[]).map(({ path }) => path)).toContain(row.field);
  });

  test('and nothing was called', () => {
    expect(site.simulator.simulation.ledger.counts().calls).toEqual({});
  });
});

test('the table stands in docs/operations.md', () => {
  const text = readFileSync(join(__dirname, '../../docs/operations.md'), 'utf8');
  const cells = (table: string): string => table.replace(/ *\| */g, '|').replace(/-{3,}/g, '---');
  expect(cells(text)).toContain(cells(inputTableAsMarkdown()));
});
