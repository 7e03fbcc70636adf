/**
 * A program of its own: lets the Temporal SDK download one of its test servers into an empty directory, by starting it
 * once. Arguments: `cli` or `test-server`, the version, the directory.
 *
 * The one rule: runs only as a child process, because the SDK's download has no bound on its time and cannot be
 * cancelled; whoever starts it watches the directory and ends it.
 */
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { messageOf } from './errors';

async function download(kind: string, version: string, downloadDir: string): Promise<void> {
  const executable = { type: 'cached-download', version, downloadDir } as const;
  const environment =
    kind === 'cli'
      ? await TestWorkflowEnvironment.createLocal({ server: { executable } })
      : await TestWorkflowEnvironment.createTimeSkipping({ server: { executable } });
  await environment.teardown();
}

const [kind = '', version = '', downloadDir = ''] = process.argv.slice(2);
download(kind, version, downloadDir).catch((error: unknown) => {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exitCode = 1;
});
