/** The embedded Temporal server as a real process: ports, its database, its end, and what it knows when it serves. */
import { Client, Connection } from '@temporalio/client';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { SEARCH_ATTRIBUTES } from '../../src/domain/messages';
import { accepts, freePorts } from '../../src/stack/ports';
import { startTemporalServer } from '../../src/stack/temporal-server';
import type { TemporalServer, TemporalServerOptions } from '../../src/stack/temporal-server';
import { temporalCli } from '../support/binaries';
import { afterTest, temporaryDirectory, until } from '../support/temporary';

async function start(dir: string, more: Partial<TemporalServerOptions> = {}): Promise<TemporalServer> {
  const server = await startTemporalServer({
    executable: await temporalCli(),
    dbFile: join(dir, 'temporal.db'),
    logFile: join(dir, 'temporal.log'),
    env: process.env,
    port: 0,
    uiPort: 0,
    ...more,
  });
  afterTest(() => server.stop());
  return server;
}

async function connect(server: TemporalServer): Promise<Client> {
  const connection = await Connection.connect({ address: server.address });
  afterTest(() => connection.close());
  return new Client({ connection, namespace: server.namespace });
}

test('when it serves, history is kept for 30 days, the attributes are known and the Web UI answers', async () => {
  const server = await start(temporaryDirectory());
  const { connection } = await connect(server);
  const { namespace } = server;
  const { config } = await connection.workflowService.describeNamespace({ namespace });
  expect(Number(config?.workflowExecutionRetentionTtl?.seconds)).toBe(30 * 24 * 3600);
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  expect(Object.keys(customAttributes ?? {})).toEqual(expect.arrayContaining(Object.keys(SEARCH_ATTRIBUTES)));
  expect((await fetch(server.uiUrl ?? '')).status).toBe(200);
});

test('history outlives the server, also one that was killed', async () => {
  const dir = temporaryDirectory();
  const first = await start(dir, { headless: true });
  expect(first.uiUrl).toBeUndefined();
  await (await connect(first)).workflow.start('anything', { taskQueue: 'nobody', workflowId: 'kept' });
  process.kill(first.pid, 'SIGKILL');
  expect(await first.ended).toMatchObject({ how: 'signal SIGKILL' });
  const second = await start(dir, { headless: true });
  const description = await (await connect(second)).workflow.getHandle('kept').describe();
  expect(description.status.name).toBe('RUNNING');
});

test('a second server on the same database is refused with a message, and nothing happens to the first', async () => {
  const dir = temporaryDirectory();
  const server = await start(dir, { headless: true });
  await expect(start(dir)).rejects.toThrow(
    /temporal.db is in use by process \d+: a stack is already running on it/,
  );
  expect(await accepts(server.port)).toBe(true);
  await server.stop();
  expect(await accepts(server.port)).toBe(false);
});

test('a taken port: named, it is an error; usual, another is taken', async () => {
  const server = await start(temporaryDirectory(), { headless: true });
  const again = start(temporaryDirectory(), { port: server.port });
  await expect(again).rejects.toThrow(`cannot have port ${server.port}: it is taken`);
  const usual = await start(temporaryDirectory(), { port: 'usual', uiPort: 'usual' });
  expect(await accepts(usual.port)).toBe(true);
});

test('several started at the same moment with the usual ports: each has its own, and its own database', async () => {
  const names = ['one', 'two', 'three', 'four'];
  const servers = await Promise.all(
    names.map((namespace) => start(temporaryDirectory(), { port: 'usual', uiPort: 'usual', namespace })),
  );
  expect(new Set(servers.flatMap(({ port, uiUrl }) => [String(port), uiUrl])).size).toBe(8);
  for (const server of servers) {
    const { connection } = await connect(server);
    const { namespaces } = await connection.workflowService.listNamespaces({});
    const known = (namespaces ?? []).map((each) => each.namespaceInfo?.name);
    expect(known.filter((name) => names.includes(name ?? ''))).toEqual([server.namespace]);
  }
});

test('a server that loses its port to another in the last moment gets a new one', async () => {
  const dir = temporaryDirectory();
  const squatter = createServer();
  afterTest(() => new Promise((resolve) => squatter.close(() => resolve())));
  // Takes the port when it was chosen and before the real server binds it, the first time.
  const late = join(dir, 'late-server');
  const script = [
    '#!/bin/sh',
    `if [ ! -e ${dir}/first ]; then`,
    `  echo "$@" >${dir}/first.part; mv ${dir}/first.part ${dir}/first`,
    `  while [ ! -e ${dir}/taken ]; do sleep 0.02; done`,
    'fi',
    `exec "${await temporalCli()}" "$@"`,
  ];
  writeFileSync(late, script.join('\n'), { mode: 0o755 });
  const starting = start(dir, { executable: late, port: 0, headless: true });
  await until('the first server is about to bind', () => existsSync(join(dir, 'first')));
  const chosen = Number(/--port (\d+)/.exec(readFileSync(join(dir, 'first'), 'utf8'))?.[1]);
  await new Promise<void>((resolve) => squatter.listen(chosen, '127.0.0.1', () => resolve()));
  writeFileSync(join(dir, 'taken'), '');
  const server = await starting;
  expect(server.port).not.toBe(chosen);
  expect(await (await connect(server)).workflow.count()).toMatchObject({ count: 0 });
});

test('a server that cannot start is an error with its last words, and leaves the database free', async () => {
  const dir = temporaryDirectory();
  await expect(start(dir, { executable: '/bin/false' })).rejects.toThrow(
    /The Temporal server ended unexpectedly \(exit code 1\)/,
  );
  await expect(start(dir, { namespace: 'other', headless: true })).resolves.toMatchObject({
    namespace: 'other',
  });
});

test('it ends when asked, and a port of one that has ended can be used again', async () => {
  const dir = temporaryDirectory();
  const [port = 0] = await freePorts(1);
  const first = await start(dir, { port, headless: true });
  await first.stop();
  await until('the port is free', async () => !(await accepts(port)));
  expect((await start(dir, { port, headless: true })).address).toBe(first.address);
});
