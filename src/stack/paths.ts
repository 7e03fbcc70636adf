/**
 * Where the embedded stack keeps things: state (database, logs, the note of a running stack) and cache (servers that
 * were downloaded or built), both outside the checkout, by the XDG rules.
 *
 * The one rule: the environment comes in as an argument; only src/config.ts and the mains read `process.env`.
 */
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';

const PACKAGE_NAME = 'ecs-steward';

/** An environment as Node gives it. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The state directory: `$STEWARD_STATE_DIR`, else `ecs-steward` below `$XDG_STATE_HOME` (`~/.local/state`). */
export function stateDirOf(env: Environment): string {
  if (env.STEWARD_STATE_DIR) return env.STEWARD_STATE_DIR;
  return join(xdg(env.XDG_STATE_HOME, '.local/state', env), PACKAGE_NAME);
}

/** The cache directory: `ecs-steward` below `$XDG_CACHE_HOME` (`~/.cache`). */
export function cacheDirOf(env: Environment): string {
  return join(xdg(env.XDG_CACHE_HOME, '.cache', env), PACKAGE_NAME);
}

/** The folder of this package: the checkout, or `node_modules/ecs-steward`; the same for sources and for `dist`. */
export function packageRoot(): string {
  for (let dir = __dirname; dir !== dirname(dir); dir = dirname(dir)) {
    const file = join(dir, 'package.json');
    if (existsSync(file) && readFileSync(file, 'utf8').includes(`"name": "${PACKAGE_NAME}"`)) return dir;
  }
  throw new Error(`package.json of ${PACKAGE_NAME} not found above ${__dirname}`);
}

/** A file of the compiled package, e.g. `compiled('src/worker/main.js')`. */
export function compiled(path: string): string {
  return join(packageRoot(), 'dist', path);
}

function xdg(value: string | undefined, fallback: string, env: Environment): string {
  // The XDG specification: a relative path is invalid and is to be ignored.
  return value && isAbsolute(value) ? value : join(env.HOME || homedir(), fallback);
}
