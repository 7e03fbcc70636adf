/**
 * `steward doctor`: everything a run needs, looked at one by one, each with how to mend it. Nothing is created or
 * changed, neither in the cloud nor in Temporal.
 *
 * The one rule: the command line does not touch ECS. That part is a program with the worker's credentials.
 */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { environment } from '../config';
import type { Config } from '../config';
import type { Finding } from '../domain/findings';
import { isRegionId } from '../domain/run-input';
import type { InputError } from '../domain/messages';
import { stripControl } from '../domain/text';
import { compiled } from '../stack/paths';
import { withSimulator } from '../stack/stack';
import { runningStack } from '../stack/stack-file';
import { CliError, EXIT, usageError } from './exit';
import type { ExitCode } from './exit';
import { examineTemporal } from './doctor-temporal';
import type { Context } from './inspect';

interface DoctorOptions {
  region?: string;
  cloud?: boolean;
  json?: boolean;
}

/** Looks at everything; exit code 1 where something failed, 0 where there are warnings at most. */
export async function doctor(options: DoctorOptions, { config, terminal }: Context): Promise<ExitCode> {
  const patient = patientOf(options, config);
  const findings: Finding[] = [];
  const tell = (finding: Finding): void => {
    findings.push(finding);
    if (!options.json) terminal.result(findingText(finding));
  };
  for await (const finding of examineTemporal(config)) tell(finding);
  await examineCloud(patient, tell);
  const failed = findings.some(({ status }) => status === 'failed');
  if (options.json) terminal.result(JSON.stringify({ ok: !failed, findings }, null, 2));
  return failed ? EXIT.someFailed : EXIT.ok;
}

/** One finding for people: the verdict, what it is about, and on a line of its own how to mend it. */
export function findingText({ status, what, mend }: Finding): string {
  const line = `${status.padEnd(8)} ${stripControl(what).replaceAll('\n', ' ')}`;
  return mend === undefined ? line : `${line}\n${' '.repeat(9)}mend it: ${stripControl(mend)}`;
}

/** Whose ECS is looked at, with which environment. */
interface Patient {
  args: string[];
  env: NodeJS.ProcessEnv;
}

/** ECS_ENDPOINT, the real cloud where `--cloud` is typed, or the simulator of a running `steward up`. */
function patientOf({ region, cloud }: DoctorOptions, config: Config): Patient {
  const stack = config.temporal.addressGiven ? undefined : runningStack(config.paths.stateDir);
  const simulator = config.ecs.endpoint || cloud ? undefined : stack?.simulator;
  const chosen = region ?? config.ecs.region ?? stack?.simulator?.regionId;
  const errors: InputError[] = [];
  if (chosen === undefined)
    errors.push({ path: '--region', message: 'is missing; give a RegionId such as cn-hangzhou' });
  else if (!isRegionId(chosen))
    errors.push({ path: '--region', message: 'must be a RegionId such as cn-hangzhou' });
  if (!config.ecs.endpoint && !cloud && !simulator)
    errors.push({
      path: '--cloud',
      message:
        'is missing: ECS_ENDPOINT is not set and no simulator runs, so this would ask the real cloud. Type it to mean that; it only reads',
    });
  if (errors.length > 0) throw usageError(errors);
  const args = ['--region', chosen ?? '', ...(cloud ? ['--cloud'] : [])];
  return { args, env: simulator ? withSimulator(environment(), simulator) : environment() };
}

async function examineCloud({ args, env }: Patient, tell: (finding: Finding) => void): Promise<void> {
  const child = spawn(process.execPath, [compiled('src/worker/doctor.js'), ...args], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  for await (const line of createInterface({ input: child.stdout })) tell(JSON.parse(line) as Finding);
  const code = await ended;
  if (code !== 0)
    throw new CliError(
      code === EXIT.usage ? EXIT.usage : EXIT.notCarriedOut,
      'The cloud could not be looked at; the reason is above.',
    );
}
