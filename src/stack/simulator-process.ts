/**
 * The simulator as a child process: the same program people start with `steward simulate`.
 *
 * The one rule: product and simulator meet over HTTP only; all that is known of it is the line of JSON it prints.
 */
import { z } from 'zod';
import { withoutCloud } from './child-environment';
import { startChild } from './child-process';
import type { Ended } from './child-process';
import { StackError } from './errors';
import { compiled } from './paths';
import type { Environment } from './paths';

/** The simulator's own options; what is absent keeps its default. */
export interface SimulatorOptions {
  /** 0 or absent: any free port. */
  port?: number;
  region?: string;
  instances?: number;
  /** So many of them run Windows. */
  windows?: number;
  /** `key=value` or `key`, put on every instance. */
  tags?: string[];
  /** `real`, `x60` (the provider's own processes sixty times as fast) or `driven`. */
  time?: string;
  exec?: 'sandbox' | 'shell' | 'canned';
  /** A file its state is kept in. */
  stateFile?: string;
}

/** What the simulator says when it is ready. */
export interface SimulatorReady {
  /** host:port */
  endpoint: string;
  controlUrl: string;
  controlToken: string;
  accessKeyId: string;
  /** Null where the key pair came from the simulator's environment. */
  accessKeySecret: string | null;
  regionId: string;
  instanceIds: string[];
}

export interface Simulator extends SimulatorReady {
  pid: number;
  logFile: string;
  ended: Promise<Ended>;
  stop(): Promise<void>;
}

const READY_WITHIN_MS = 30_000;
const STOP_GRACE_MS = 5_000;

const READY_LINE = z.object({
  endpoint: z.string(),
  controlUrl: z.string(),
  controlToken: z.string(),
  accessKeyId: z.string(),
  accessKeySecret: z.string().nullable(),
  regionId: z.string(),
  instanceIds: z.array(z.string()),
});

/** Starts it and waits for its ready line. Keys of the environment are not adopted: it makes its own. */
export async function startSimulatorProcess(
  options: SimulatorOptions & { logFile: string; env: Environment },
): Promise<Simulator> {
  const child = await startChild({
    title: 'simulator',
    command: process.execPath,
    args: [compiled('simulator/main.js'), ...argumentsOf(options)],
    env: withoutCloud(options.env),
    logFile: options.logFile,
    printsReadyLine: true,
  });
  try {
    const ready = READY_LINE.safeParse(await child.ready(READY_WITHIN_MS));
    if (!ready.success)
      throw new StackError(`The simulator's ready line is not understood; its log: ${options.logFile}`);
    return {
      ...ready.data,
      pid: child.pid,
      logFile: options.logFile,
      ended: child.ended,
      stop: () => child.stop(STOP_GRACE_MS),
    };
  } catch (error) {
    await child.stop(STOP_GRACE_MS);
    throw error;
  }
}

function argumentsOf(options: SimulatorOptions): string[] {
  const flag = (name: string, value: string | number | undefined): string[] =>
    value === undefined ? [] : [`--${name}`, String(value)];
  return [
    ...flag('port', options.port ?? 0),
    ...flag('region', options.region),
    ...flag('instances', options.instances),
    ...flag('windows', options.windows),
    ...(options.tags ?? []).flatMap((tag) => flag('tag', tag)),
    ...flag('time', options.time),
    ...flag('exec', options.exec),
    ...flag('state', options.stateFile),
  ];
}
