/**
 * Ports on the loopback address.
 *
 * The one rule: a port found free may be taken a moment later; whoever binds it must be ready to ask again.
 */
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StackError } from './errors';
import { tryLock } from './process-lock';

/** The only address the embedded stack listens on. */
export const LOOPBACK = '127.0.0.1';

/** `usual`: the port people expect, another when that one is taken; 0: any free one; else exactly this one. */
export type PortChoice = number | 'usual';

/** A port somebody is about to bind. */
export interface ChosenPort {
  port: number;
  /** Lets others choose it again; may be called more than once. */
  release: () => void;
}

/**
 * The port a choice means. The usual one is claimed on this machine until it is released: two stacks that start at the
 * same moment would both find it free.
 */
export async function choosePort(request: {
  who: string;
  choice: PortChoice;
  usual: number;
  free: number;
}): Promise<ChosenPort> {
  const { who, choice, usual, free } = request;
  const unclaimed = (port: number): ChosenPort => ({ port, release: () => undefined });
  if (choice === 0) return unclaimed(free);
  if (choice !== 'usual') {
    if (await isFree(choice)) return unclaimed(choice);
    throw new StackError(
      `${who} cannot have port ${choice}: it is taken on ${LOOPBACK}. Name another, or 0 for any free one.`,
    );
  }
  const release = claim(usual);
  if (!release) return unclaimed(free);
  if (await isFree(usual)) return { port: usual, release };
  release();
  return unclaimed(free);
}

/** Undefined: claimed by another, or it cannot be known. */
function claim(port: number): (() => void) | undefined {
  try {
    return tryLock(join(tmpdir(), `ecs-steward-${process.getuid?.() ?? 'user'}-port-${port}.lock`)).release;
  } catch {
    return undefined;
  }
}

/** Is nobody listening on this port? */
export async function isFree(port: number): Promise<boolean> {
  try {
    await close(await listen(port));
    return true;
  } catch {
    return false;
  }
}

/** So many different free ports. */
export async function freePorts(count: number): Promise<number[]> {
  // Held open together, or the system could name one port twice.
  const servers = await Promise.all(Array.from({ length: count }, () => listen(0)));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map(close));
  return ports;
}

/** Does something accept connections there? */
export function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: LOOPBACK, port });
    const end = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(1000, () => end(false));
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
  });
}

function listen(port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(port, LOOPBACK, () => resolve(server));
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}
