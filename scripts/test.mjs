/**
 * `npm test`: everything but the long tests. Arguments go to jest.
 *
 * Live tests run real processes beside whatever else the machine does. A few files that fail (not many: that is no
 * matter of a busy moment) are run once more, alone and one at a time, with everything new; both runs are printed. A
 * defect fails twice. With --outputFile FILE the counts that hold in the end are written there.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';

const FEW = 6;
const jest = createRequire(import.meta.url).resolve('jest/bin/jest');
const directory = mkdtempSync(join(tmpdir(), 'steward-tests-'));
const outputFile = process.argv
  .find((word) => word.startsWith('--outputFile='))
  ?.slice('--outputFile='.length);
const words = process.argv.slice(2).filter((word) => !word.startsWith('--outputFile='));

function run(name, args) {
  const file = join(directory, name);
  const { status } = spawnSync(process.execPath, [jest, ...args, '--json', `--outputFile=${file}`], {
    stdio: 'inherit',
  });
  try {
    return { status: status ?? 1, report: JSON.parse(readFileSync(file, 'utf8')) };
  } catch {
    return { status: status || 1 };
  }
}

function countsOf({ report }, others = []) {
  const files = (report?.testResults ?? []).filter(({ name }) => !others.includes(name));
  const tests = files.flatMap(({ assertionResults }) => assertionResults);
  const broken = files.filter(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
  );
  return {
    numPassedTests: tests.filter(({ status }) => status === 'passed').length,
    numFailedTests: tests.filter(({ status }) => status === 'failed').length,
    numRuntimeErrorTestSuites: broken.length,
  };
}

const first = run('first.json', ['--ignoreProjects', 'long', ...words]);
const failed = (first.report?.testResults ?? [])
  .filter(({ status }) => status === 'failed')
  .map(({ name }) => name);
let counts = countsOf(first);
let { status } = first;
if (failed.length > 0 && failed.length <= FEW) {
  const names = failed.map((name) => relative(process.cwd(), name)).join(', ');
  process.stderr.write(`\nFailed, and run once more, alone: ${names}\n\n`);
  const again = run('again.json', ['--ignoreProjects', 'long', '--runInBand', '--runTestsByPath', ...failed]);
  ({ status } = again);
  const [before, now] = [countsOf(first, failed), countsOf(again)];
  counts = Object.fromEntries(Object.keys(before).map((key) => [key, before[key] + now[key]]));
  process.stderr.write(`\nThe second run of ${names}: ${status === 0 ? 'passed' : 'failed as well'}\n`);
}
rmSync(directory, { recursive: true, force: true });
if (outputFile) writeFileSync(outputFile, JSON.stringify(counts));
process.exitCode = status;
