/**
 * From the options of `steward up` to a stack.
 *
 * The one rule: real servers are meant only where `--cloud` is typed, and then nothing that only a simulator knows may
 * be typed beside it.
 */
import { isRegionId } from '../domain/run-input';
import type { InputError } from '../domain/messages';
import type { StackOptions } from '../stack/stack';
import { usageError } from './exit';

/** Options of `steward up` as commander gives them. */
export interface UpOptions {
  cloud?: boolean;
  fresh?: boolean;
  instances?: string;
  windows?: string;
  region?: string;
  time?: string;
  exec?: string;
  tag: string[];
  port?: string;
  uiPort?: string;
  policy?: string;
  json?: boolean;
}

const EXEC_MODES = ['sandbox', 'shell', 'canned'] as const;
const MAX_INSTANCES = 10_000;

/** The fleet a simulated cloud begins with. */
const FIRST_FLEET = { instances: 5, tags: ['fleet=demo'] };

/** What the stack is to work on; throws a usage error with everything that is wrong. */
export function targetOf(
  options: UpOptions,
  kept: { stateFile: string; exists: boolean },
): StackOptions['target'] {
  const errors = options.cloud ? simulatorOnly(options) : simulatorErrors(options);
  errors.push(...portErrors(options));
  if (!options.cloud && !options.fresh && kept.exists) errors.push(...onlyWhenFresh(options));
  if (errors.length > 0) throw usageError(errors);
  if (options.cloud) return 'cloud';
  return {
    region: options.region,
    instances: options.instances === undefined ? FIRST_FLEET.instances : Number(options.instances),
    windows: options.windows === undefined ? undefined : Number(options.windows),
    time: options.time,
    exec: EXEC_MODES.find((mode) => mode === options.exec),
    tags: options.tag.length > 0 ? options.tag : FIRST_FLEET.tags,
    stateFile: kept.stateFile,
  };
}

/** Ports of the Temporal server; the usual ones, or free ones where those are taken, unless they are named. */
export function portsOf({ port, uiPort }: UpOptions): Pick<StackOptions, 'port' | 'uiPort'> {
  return {
    port: port === undefined ? undefined : Number(port),
    uiPort: uiPort === undefined ? undefined : Number(uiPort),
  };
}

function portErrors({ port = '0', uiPort = '0' }: UpOptions): InputError[] {
  return Object.entries({ '--port': port, '--ui-port': uiPort })
    .filter(([, text]) => !/^\d{1,5}$/.test(text) || Number(text) > 65_535)
    .map(([path]) => ({ path, message: 'must be a port from 1 to 65535, or 0 for any free one' }));
}

function onlyWhenFresh({ instances, windows, region, tag }: UpOptions): InputError[] {
  return givenOf({ instances, windows, region, tag: tag[0] }).map((path) => ({
    path,
    message: 'has no effect: the simulated cloud of the last time is still there. Type --fresh to begin anew',
  }));
}

/** Options that were given. */
function givenOf(options: Record<string, unknown>): string[] {
  return Object.entries(options)
    .filter(([, value]) => value !== undefined)
    .map(([name]) => `--${name}`);
}

function simulatorOnly({ instances, windows, region, time, exec, tag, fresh }: UpOptions): InputError[] {
  const given = givenOf({ instances, windows, region, time, exec, tag: tag[0], fresh });
  return given.map((path) => ({ path, message: 'is about the simulator; leave it out with --cloud' }));
}

function simulatorErrors({ instances, windows, region, time, exec, tag }: UpOptions): InputError[] {
  const errors: InputError[] = [];
  const check = (good: boolean, path: string, message: string): void => {
    if (!good) errors.push({ path, message });
  };
  check(
    instances === undefined || (/^\d{1,6}$/.test(instances) && Number(instances) <= MAX_INSTANCES),
    '--instances',
    `must be a whole number from 0 to ${MAX_INSTANCES}`,
  );
  const most = instances === undefined ? FIRST_FLEET.instances : Number(instances);
  check(
    windows === undefined || (/^\d{1,6}$/.test(windows) && !(Number(windows) > most)),
    '--windows',
    `must be a whole number from 0 to the ${most} instances there are`,
  );
  check(region === undefined || isRegionId(region), '--region', 'must be a RegionId such as cn-hangzhou');
  check(
    time === undefined || /^(real|driven|x\d+(\.\d+)?)$/.test(time),
    '--time',
    'must be real, driven, or x and a number such as x60',
  );
  check(
    exec === undefined || EXEC_MODES.some((mode) => mode === exec),
    '--exec',
    `must be one of ${EXEC_MODES.join(', ')}`,
  );
  for (const text of tag) check(/^[^=]+/.test(text), '--tag', `${JSON.stringify(text)} must be key=value`);
  return errors;
}
