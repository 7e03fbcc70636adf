/**
 * The page of a run in Temporal's own Web UI, in a real browser: what people are told there is there, and what they
 * typed stays text.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findChromium, textOf, withPage } from '../support/browser';
import { cli, stackUp } from '../support/cli';
import { until } from '../support/temporary';

const chromium = findChromium();
if (!chromium)
  process.stderr.write(
    'web-ui.test.ts is skipped: there is no chromium on the PATH (apt-get install chromium)\n',
  );
const withBrowser = chromium ? describe : describe.skip;

const stateDir = mkdtempSync(join(tmpdir(), 'steward-cli-'));
const NAME = 'disk **check** of <b>all</b> & more';

withBrowser('the Web UI', () => {
  let stack: Awaited<ReturnType<typeof stackUp>>;

  beforeAll(async () => {
    stack = await stackUp(stateDir, ['--instances', '3', '--exec', 'canned']);
  }, 60_000);

  afterAll(async () => {
    await stack.end();
    rmSync(stateDir, { recursive: true, force: true });
  });

  /** Starts a run and gives its page. */
  async function start(...words: string[]): Promise<{ url: string; workflowId: string }> {
    const { regionId, instanceIds } = stack.line.simulator;
    const ids = instanceIds.flatMap((id) => ['--instance', id]);
    const options = ['--name', NAME, '--detach', '--json', '--'];
    const { stdout } = await cli(['run', '--region', regionId, ...ids, ...options, ...words], { stateDir });
    return JSON.parse(stdout) as { url: string; workflowId: string };
  }

  test('says of a run that goes on where it stands, and of one that has ended what came of it', async () => {
    const { url, workflowId } = await start('sleep', '4');
    await withPage(chromium ?? '', async (page, refused) => {
      const shows = (...texts: string[]): Promise<void> =>
        until(`the page shows ${texts.join(', ')}`, async () => {
          const text = await textOf(page);
          return texts.every((each) => text.includes(each));
        });
      await page.goto(`${url}/user-metadata`);
      await shows('Current Details', 'waiting in cn-hangzhou', 'targets: 3', 'Sent 3', NAME);
      expect((await cli(['status', '--follow', workflowId], { stateDir })).code).toBe(0);
      await page.reload();
      await shows('succeeded in cn-hangzhou', 'Success 3', '3 of 3 instances succeeded', `rows: ${stateDir}`);
      // What a person typed is text, in the summary as in the details.
      expect((await textOf(page)).split(NAME)).toHaveLength(3);
      await page.goto(url);
      await shows(
        'Completed',
        'Result',
        '"summary": "3 of 3 instances succeeded"',
        'RunCommand on 3 instances',
      );
      expect(refused).toEqual([]);
    });
  }, 90_000);

  test('shows the watcher with its last look', async () => {
    const { regionId } = stack.line.simulator;
    await withPage(chromium ?? '', async (page) => {
      const described = await cli(['status', '--json', `watch/default/${regionId}`], { stateDir });
      const { url } = JSON.parse(described.stdout) as { url: string };
      await page.goto(`${url}/user-metadata`);
      await until('its details', async () => /idle in cn-hangzhou · \d+ looks/.test(await textOf(page)));
      expect(await textOf(page)).toContain(`the one poller of ${regionId}`);
    });
  }, 60_000);
});
