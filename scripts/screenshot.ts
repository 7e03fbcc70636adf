/**
 * `npm run screenshot`: the picture of a run's page in docs/images, taken of the real thing.
 *
 * The one rule: nothing is made up for it. A stack is started, a command is run on it, and the page is what it is.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { findChromium, withPage } from '../test/support/browser';
import { cli, stackUp } from '../test/support/cli';

const FILE = resolve(__dirname, '../docs/images/run.png');

async function main(): Promise<void> {
  const executable = findChromium();
  if (executable === undefined)
    throw new Error('there is no chromium on the PATH (apt-get install chromium)');
  const stateDir = mkdtempSync(join(tmpdir(), 'steward-screenshot-'));
  const stack = await stackUp(stateDir, ['--instances', '5']);
  try {
    const { regionId, instanceIds } = stack.line.simulator;
    const ids = instanceIds.flatMap((id) => ['--instance', id]);
    const command = ['--name', 'memory of the fleet', '--json', '--', 'cat', '/proc/meminfo'];
    const { stdout } = await cli(['run', '--region', regionId, ...ids, ...command], { stateDir });
    const { url } = JSON.parse(stdout) as { url: string };
    mkdirSync(dirname(FILE), { recursive: true });
    await withPage(executable, async (page) => {
      await page.goto(url);
      await page.getByText('"summary"').first().waitFor();
      await page.getByText('resolveTargets').first().waitFor();
      await page.screenshot({ path: FILE });
    });
    process.stderr.write(`${FILE}\n`);
  } finally {
    await stack.end();
    rmSync(stateDir, { recursive: true, force: true });
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 1;
});
