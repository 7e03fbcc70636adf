/**
 * Temporary directories and processes of tests, gone after the test that made them.
 *
 * The one rule: what is made here is cleaned up here, even when the test fails.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export { until } from './until';

const undo: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const each of undo.splice(0).reverse()) await each();
});

/** An empty directory, removed after the test. */
export function temporaryDirectory(): string {
  const dir = mkdtempSync(join(tmpdir(), 'steward-test-'));
  undo.push(() => rmSync(dir, { recursive: true, force: true, maxRetries: 5 }));
  return dir;
}

/** Runs after the test, newest first. */
export function afterTest(work: () => Promise<void> | void): void {
  undo.push(work);
}
