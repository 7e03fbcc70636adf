/** Places and environments of the stack: XDG rules, the note of a running stack, what children must not see. */
import { spawnSync } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { withoutCloud, withTemporal } from '../../../src/stack/child-environment';
import { cacheDirOf, stateDirOf } from '../../../src/stack/paths';
import { accepts, freePorts, isFree } from '../../../src/stack/ports';
import { announceStack, runningStack } from '../../../src/stack/stack-file';
import { temporaryDirectory } from '../../support/temporary';

test.each([
  [{ HOME: '/home/a' }, '/home/a/.local/state/ecs-steward', '/home/a/.cache/ecs-steward'],
  [{ HOME: '/home/a', XDG_STATE_HOME: '/s', XDG_CACHE_HOME: '/c' }, '/s/ecs-steward', '/c/ecs-steward'],
  [
    { HOME: '/home/a', XDG_STATE_HOME: 'rel', XDG_CACHE_HOME: 'rel' },
    '/home/a/.local/state/ecs-steward',
    '/home/a/.cache/ecs-steward',
  ],
  [{ HOME: '/home/a', STEWARD_STATE_DIR: '/mine' }, '/mine', '/home/a/.cache/ecs-steward'],
])('%j: state in %s, cache in %s', (env: Record<string, string>, state, cache) => {
  expect([stateDirOf(env), cacheDirOf(env)]).toEqual([state, cache]);
});

const NOTE = {
  address: '127.0.0.1:7233',
  namespace: 'default',
  account: 'default',
  taskQueue: 'steward-default',
  startedAt: '2026-01-01T00:00:00.000Z',
};
const STACK = { ...NOTE, pids: [] };

test('a running stack is found, its note is private, and it is gone after the end', () => {
  const dir = temporaryDirectory();
  const remove = announceStack(dir, STACK);
  expect(runningStack(dir)).toMatchObject(NOTE);
  expect(statSync(join(dir, 'stack.json')).mode & 0o777).toBe(0o600);
  remove();
  expect(runningStack(dir)).toBeUndefined();
});

test('the note of a process that is gone, half a note and no note are no stack', () => {
  const dir = temporaryDirectory();
  expect(runningStack(dir)).toBeUndefined();
  announceStack(dir, STACK);
  const file = join(dir, 'stack.json');
  const gone = spawnSync(process.execPath, ['-e', '0']).pid;
  writeFileSync(file, JSON.stringify({ ...NOTE, process: { pid: gone } }));
  expect(runningStack(dir)).toBeUndefined();
  writeFileSync(file, '{"process":');
  expect(runningStack(dir)).toBeUndefined();
});

test('credentials of the real cloud do not reach the children of an embedded stack', () => {
  const env = {
    PATH: '/bin',
    ALIBABA_CLOUD_ACCESS_KEY_ID: 'a',
    ALIBABA_CLOUD_SECURITY_TOKEN: 'b',
    ALIBABA_CLOUD_PROFILE: 'c',
    ALICLOUD_ACCESS_KEY: 'd',
    ECS_ENDPOINT: 'e',
  };
  expect(withoutCloud(env)).toEqual({ PATH: '/bin' });
});

test('no TLS, key or profile of another Temporal server reaches a worker of the embedded one', () => {
  const dir = temporaryDirectory();
  const env = {
    PATH: '/bin',
    TEMPORAL_ADDRESS: 'far:7233',
    TEMPORAL_API_KEY: 'k',
    TEMPORAL_TLS: 'true',
    TEMPORAL_PROFILE: 'p',
  };
  const { TEMPORAL_CONFIG_FILE, ...rest } = withTemporal(env, dir, {
    address: '127.0.0.1:1',
    namespace: 'n',
  });
  expect(rest).toEqual({ PATH: '/bin', TEMPORAL_ADDRESS: '127.0.0.1:1', TEMPORAL_NAMESPACE: 'n' });
  expect(readFileSync(TEMPORAL_CONFIG_FILE ?? '', 'utf8')).toBe('[profile.default]\n');
});

test('free ports are different, free, and nobody accepts there', async () => {
  const ports = await freePorts(20);
  expect(new Set(ports).size).toBe(20);
  for (const port of ports.slice(0, 3))
    expect([await isFree(port), await accepts(port)]).toEqual([true, false]);
});
