/**
 * The ways to make a server's executable where the cache has none: the SDK's download, a build with Go, Maven's
 * artifact with Java. Each fills a directory of its own and answers what went wrong, in words.
 *
 * The one rule: nothing here touches the cache; the caller moves a finished directory into it in one step.
 */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { compiled } from './paths';
import type { Environment } from './paths';
import { runTool } from './run-tool';

/** Version of the Temporal CLI, whichever way it comes. */
export const TEMPORAL_CLI_VERSION = '1.5.1';
/** Version of the time-skipping test server, whichever way it comes. */
export const TEST_SERVER_VERSION = '1.38.0';

/** What a way of making an executable is given. */
export interface Making {
  /** An empty directory to fill; the executable goes to `join(dir, name)`. */
  dir: string;
  name: string;
  env: Environment;
  report: (line: string) => void;
}

/** Undefined when the executable is there; otherwise why not. */
export type Outcome = Promise<string | undefined>;

const MINUTE = 60_000;
/** A download that has not moved for so long will not: the network drops packets instead of refusing them. */
const STALLED_AFTER_MS = 20_000;

/** The Temporal SDK's own download (from temporal.download). Offline it fails in well under a second. */
export async function downloadWithSdk(kind: 'cli' | 'test-server', version: string, making: Making): Outcome {
  const into = join(making.dir, 'download');
  mkdirSync(into, { recursive: true });
  const progress = { bytes: -1, since: Date.now() };
  const result = await runTool({
    command: process.execPath,
    args: [compiled('src/stack/sdk-download.js'), kind, `v${version}`, into],
    env: making.env,
    timeoutMs: 10 * MINUTE,
    giveUp: () => {
      const bytes = sizeOf(into);
      if (bytes !== progress.bytes) Object.assign(progress, { bytes, since: Date.now() });
      return Date.now() - progress.since > STALLED_AFTER_MS ? 'no data for 20 s' : undefined;
    },
    alive: (_lines, seconds) =>
      making.report(`  downloading: ${Math.round(sizeOf(into) / 1e6)} MB, ${Math.round(seconds)} s`),
  });
  if (!result.ok) return downloadFailure(result.reason);
  const file = readdirSync(into).find((name) => !name.endsWith('.downloading'));
  if (!file) return 'the download left no file';
  renameSync(join(into, file), join(making.dir, making.name));
  rmSync(into, { recursive: true, force: true });
  return undefined;
}

/** A build of the Temporal CLI from its source with Go, through the Go module proxy. */
export async function buildCliWithGo(making: Making): Outcome {
  const go = await runTool({ command: 'go', args: ['version'], env: making.env, timeoutMs: MINUTE });
  if (!go.ok) return `Go ${go.reason} (https://go.dev/dl/)`;
  making.report('  building the Temporal CLI from source with Go: 4 to 8 minutes on 2 cores, once');
  const result = await runTool({
    command: 'go',
    args: [
      'install',
      '-v',
      // Without symbols the binary is a third smaller; the version is stamped by the linker or not at all.
      `-ldflags=-s -w -X github.com/temporalio/cli/temporalcli.Version=${TEMPORAL_CLI_VERSION}`,
      `github.com/temporalio/cli/cmd/temporal@v${TEMPORAL_CLI_VERSION}`,
    ],
    env: { ...making.env, GOBIN: making.dir },
    timeoutMs: 30 * MINUTE,
    alive: (lines, seconds) =>
      making.report(`  building: ${lines} modules and packages, ${Math.round(seconds)} s`),
  });
  if (!result.ok) return result.reason;
  making.report('  the build left about 3 GB in the caches of Go; `go clean -cache -modcache` removes them');
  return undefined;
}

/** The test server's Maven artifact with everything it needs, and a small script that starts it with Java. */
export async function fetchTestServerWithMaven(making: Making): Outcome {
  const java = await runTool({ command: 'java', args: ['-version'], env: making.env, timeoutMs: MINUTE });
  if (!java.ok) return `Java ${java.reason} (a JRE of version 8 or newer)`;
  const maven = await runTool({ command: 'mvn', args: ['-v'], env: making.env, timeoutMs: MINUTE });
  if (!maven.ok) return `Maven (mvn) ${maven.reason}`;
  making.report('  resolving the test server with Maven: up to a minute, once');
  const pom = join(making.dir, 'pom.xml');
  writeFileSync(pom, POM);
  const result = await runTool({
    command: 'mvn',
    args: [
      '-B',
      '-f',
      pom,
      `${MAVEN_PLUGIN}:copy-dependencies`,
      `-DoutputDirectory=${join(making.dir, 'lib')}`,
    ],
    env: making.env,
    cwd: making.dir,
    timeoutMs: 10 * MINUTE,
    alive: (lines, seconds) =>
      making.report(`  resolving: ${lines} lines of Maven, ${Math.round(seconds)} s`),
  });
  if (!result.ok) return result.reason;
  if (!existsSync(join(making.dir, 'lib'))) return 'Maven left no libraries';
  rmSync(join(making.dir, 'target'), { recursive: true, force: true });
  writeFileSync(join(making.dir, making.name), START_SCRIPT, { mode: 0o755 });
  return undefined;
}

const MAVEN_PLUGIN = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1';

const POM = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>ecs-steward</groupId>
  <artifactId>time-skipping-test-server</artifactId>
  <version>1</version>
  <dependencies>
    <dependency>
      <groupId>io.temporal</groupId>
      <artifactId>temporal-test-server</artifactId>
      <version>${TEST_SERVER_VERSION}</version>
    </dependency>
  </dependencies>
</project>
`;

// A small heap and the simple collector: the server is started once per test file and lives for seconds.
const START_SCRIPT = `#!/bin/sh
here=$(cd "$(dirname "$0")" && pwd)
exec "\${JAVA_HOME:+$JAVA_HOME/bin/}java" -Xmx512m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 \\
  -cp "$here/lib/*" io.temporal.testserver.TestServer "$@"
`;

/** The SDK says the same thing three times over, with the URL; a person needs the end of it. */
function downloadFailure(reason: string): string {
  const [, connecting] = reason.split('client error (Connect): ');
  return connecting ? `no connection to temporal.download (${connecting})` : reason;
}

function sizeOf(dir: string): number {
  try {
    return readdirSync(dir).reduce((sum, name) => sum + statSync(join(dir, name)).size, 0);
  } catch {
    return 0; // A file was renamed between listing and looking.
  }
}
