/**
 * A headless Chromium of this machine, for looking at Temporal's Web UI.
 *
 * The one rule: it reaches loopback and nothing else, starts from an empty profile, and ends with what opened it. None
 * is downloaded: where there is no Chromium, who asks says so and goes on without.
 */
import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { chromium } from 'playwright-core';
import type { Page } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-proxy-server',
];

/** Of a window; big enough for the head of a run's page, its input, its result and what happened when. */
const VIEWPORT = { width: 1200, height: 1240 };

/** The path of a Chromium on the PATH, or `undefined`. */
export function findChromium(): string | undefined {
  const dirs = (process.env.PATH ?? '').split(delimiter);
  return NAMES.flatMap((name) => dirs.map((dir) => join(dir, name))).find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** A page that only reaches loopback; `refused` has what it wanted beyond. */
export async function withPage<T>(
  executablePath: string,
  look: (page: Page, refused: readonly string[]) => Promise<T>,
): Promise<T> {
  const profile = mkdtempSync(join(tmpdir(), 'steward-browser-'));
  const refused: string[] = [];
  const options = { executablePath, headless: true, viewport: VIEWPORT, args: FLAGS };
  const context = await chromium.launchPersistentContext(profile, options);
  try {
    await context.route(
      (url) => url.hostname !== '127.0.0.1' && /^https?:$/.test(url.protocol),
      (route) => {
        refused.push(route.request().url());
        return route.abort();
      },
    );
    return await look(context.pages()[0] ?? (await context.newPage()), refused);
  } finally {
    await context.close();
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Everything a page shows, frames included: the Web UI shows Markdown in frames of their own. */
export async function textOf(page: Page): Promise<string> {
  const texts = page.frames().map((frame) =>
    frame
      .locator('body')
      .innerText({ timeout: 5_000 })
      .catch(() => ''),
  );
  return (await Promise.all(texts)).join('\n');
}
