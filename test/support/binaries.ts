/**
 * The servers tests run against, found the way the product finds them: environment, PATH, cache. `npm test` has put
 * them in the cache before.
 *
 * The one rule: a test never downloads or builds; where the set-up did not run it says so at once.
 */
import { resolve } from 'node:path';
import { provideTemporalCli, provideTestServer } from '../../src/stack/binaries';
import type { LookUp } from '../../src/stack/binaries';

const lookUp: LookUp = {
  env: process.env,
  report: (line) => {
    throw new Error(`a server is missing; run npm test, or node scripts/setup.mjs --test (${line.trim()})`);
  },
};

let cli: Promise<string> | undefined;
let testServer: Promise<string> | undefined;

/** Path of the Temporal CLI, for `startTemporalServer` or an `existing-path` executable. */
export function temporalCli(): Promise<string> {
  cli ??= provideTemporalCli(lookUp).then((found) => found.path);
  return cli;
}

/** Path of the time-skipping test server, for an `existing-path` executable. */
export function timeSkippingServer(): Promise<string> {
  testServer ??= provideTestServer(lookUp).then((found) => found.path);
  return testServer;
}

/** A program of the compiled package, which `npm test` has built: the workers and servers tests run as processes. */
export function builtProgram(path: 'src/worker/main.js' | 'src/cli/main.js' | 'simulator/main.js'): string {
  return resolve(__dirname, '../../dist', path);
}
