/**
 * docker-compose.yml: valid by the specification's own schema, closed to the outside, free of secrets, and in step with
 * the programs it starts. That it works is shown by `npm run topology`, which runs what it says.
 */
import Ajv2020 from 'ajv/dist/2020';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArguments } from '../../simulator/arguments';
import { loadConfig } from '../../src/config';
import { SEARCH_ATTRIBUTES } from '../../src/domain/messages';
import { environmentOf, healthCommandOf, readCompose, ROOT, serviceOf } from '../../deploy/native/compose';
import type { ComposeFile, ComposeService } from '../../deploy/native/compose';

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const manifest = JSON.parse(read('package.json')) as { version: string };
const text = read('docker-compose.yml');
const compose = readCompose(text);
const services = Object.entries(compose.services);
const isOneShot = ({ restart }: ComposeService): boolean => restart?.startsWith('on-failure') ?? false;
const isCommand = ({ profiles }: ComposeService): boolean => profiles?.includes('cli') ?? false;

const schema = JSON.parse(read('test/unit/compose/compose-spec.schema.json')) as object;
const isValid = new Ajv2020({ strict: false, allErrors: true }).compile(schema);

function errorsOf(file: unknown): string[] {
  isValid(file);
  return (isValid.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

/** The file with one service changed. */
function changed(name: string, change: object): ComposeFile {
  return {
    ...compose,
    services: { ...compose.services, [name]: { ...serviceOf(compose, name), ...change } },
  };
}

describe('by the schema of the specification', () => {
  test('it is valid', () => expect(errorsOf(compose)).toEqual([]));

  test.each([
    ['an unknown key', { imagee: 'x' }, '/services/temporal'],
    ['a condition there is not', { depends_on: { postgresql: { condition: 'ready' } } }, 'depends_on'],
    ['a health check without a list', { healthcheck: { test: 7 } }, 'healthcheck'],
    ['a port that is a word', { ports: [true] }, 'ports'],
  ])('%s is noticed', (_what, change, where) => {
    expect(errorsOf(changed('temporal', change)).join()).toContain(where);
  });
});

/** What makes a service reachable from elsewhere, or more than a process among others. */
function openings(service: ComposeService): string[] {
  const all = service as Record<string, unknown>;
  const rights = ['privileged', 'cap_add', 'devices', 'pid', 'ipc', 'userns_mode'].filter(
    (key) => key in all,
  );
  const ports = (service.ports ?? []).filter((port) => !/^127\.0\.0\.1:\d+:\d+$/.test(port));
  const network = service.network_mode?.startsWith('service:') === false ? [service.network_mode] : [];
  const mounts = (service.volumes ?? []).filter((volume) => /^[./~]|docker\.sock/.test(volume));
  return [...rights, ...ports, ...network, ...mounts];
}

describe('closed to the outside', () => {
  test.each(services)('%s: nothing beyond loopback, no right it does not need', (_name, service) => {
    expect(openings(service)).toEqual([]);
  });

  test.each([
    ['published everywhere', { ports: ['7233:7233'] }],
    ['published everywhere by name', { ports: ['0.0.0.0:7233:7233'] }],
    ['on the network of the host', { network_mode: 'host' }],
    ['privileged', { privileged: true }],
    ['with the socket of Docker', { volumes: ['/var/run/docker.sock:/var/run/docker.sock'] }],
  ])('a service %s is noticed', (_how, change) => {
    expect(openings(serviceOf(changed('temporal', change), 'temporal'))).toHaveLength(1);
  });

  test('PostgreSQL is reached by Temporal only', () => {
    const reached = services
      .filter(([, { networks }]) => networks?.includes('database'))
      .map(([name]) => name);
    expect(compose.networks['database']).toEqual({ internal: true });
    expect(reached).toEqual(['postgresql', 'temporal-schema', 'temporal']);
    expect(serviceOf(compose, 'postgresql').networks).toEqual(['database']);
  });

  test('our own programs have no right at all and write to their volumes only', () => {
    for (const [, service] of services.filter(([, { build }]) => build !== undefined))
      expect(service).toMatchObject({
        read_only: true,
        cap_drop: ['ALL'],
        security_opt: ['no-new-privileges:true'],
      });
  });
});

test.each(services)('the image of %s has a version', (_name, { image, build }) => {
  expect(image).toMatch(/^[a-z][\w./-]*:\d+\.\d+(\.\d+)?(-[a-z]+)?$/);
  if (build !== undefined) expect(image).toBe(`ecs-steward:${manifest.version}`);
});

test('server and tools of Temporal are of one version', () => {
  const tags = ['temporal', 'temporal-schema', 'temporal-namespace'].map(
    (name) => serviceOf(compose, name).image?.split(':')[1],
  );
  expect(new Set(tags).size).toBe(1);
});

describe('alive and in order', () => {
  test.each(services.filter(([, service]) => !isOneShot(service) && !isCommand(service)))(
    '%s comes back by itself and has a health check',
    (_name, { restart, healthcheck }) => {
      expect(restart).toBe('unless-stopped');
      expect(healthcheck?.test.length).toBeGreaterThan(1);
    },
  );

  test.each(services.filter(([, service]) => isOneShot(service)))(
    '%s is run once, and something waits for its success',
    (name) => {
      const waiting = services.filter(
        ([, { depends_on }]) => depends_on?.[name]?.condition === 'service_completed_successfully',
      );
      expect(waiting.length).toBeGreaterThan(0);
    },
  );

  test('what is waited for as healthy has a health check', () => {
    const waitedFor = services.flatMap(([, { depends_on = {} }]) =>
      Object.entries(depends_on).filter(([, { condition }]) => condition === 'service_healthy'),
    );
    expect(waitedFor.length).toBeGreaterThan(3);
    for (const [name] of waitedFor) expect(serviceOf(compose, name).healthcheck).toBeDefined();
  });

  test('volumes, networks and configs that are used are declared, and none besides', () => {
    const used = (of: (service: ComposeService) => string[]): string[] =>
      [...new Set(services.flatMap(([, service]) => of(service)))].sort();
    expect(used(({ volumes = [] }) => volumes.map((volume) => volume.split(':')[0] ?? ''))).toEqual(
      Object.keys(compose.volumes).sort(),
    );
    expect(used(({ networks = [] }) => networks.filter((name) => name !== 'default'))).toEqual(
      Object.keys(compose.networks).sort(),
    );
    expect(used(({ configs = [] }) => configs.map(({ source }) => source))).toEqual(
      Object.keys(compose.configs).sort(),
    );
    for (const { file } of Object.values(compose.configs)) expect(existsSync(join(ROOT, file))).toBe(true);
  });
});

/** Values that look as if they were secrets themselves and not the name or place of one. */
function secretsIn(file: ComposeFile): string[] {
  const named = Object.values(file.services).flatMap(({ environment = {} }) =>
    Object.entries(environment).filter(([name]) => /PASSWORD|PWD|SECRET|TOKEN|KEY|CREDENTIAL/.test(name)),
  );
  return named
    .filter(([, value]) => !/^\$\{[A-Z_]+:\?[^}]+\}$/.test(value) && !/^\/var\/lib\//.test(value))
    .map(([name]) => name);
}

describe('secrets', () => {
  test('none is written in the file', () => {
    expect(secretsIn(compose)).toEqual([]);
    expect(text).not.toMatch(/LTAI|BEGIN [A-Z ]*PRIVATE KEY|[A-Za-z0-9+]{32,}/);
  });

  test('one that is written is noticed, and a default for one as well', () => {
    const environment = { POSTGRES_PASSWORD: 'temporal', SQL_PASSWORD: '${POSTGRES_PASSWORD:-temporal}' };
    expect(secretsIn(changed('temporal', { environment }))).toEqual(Object.keys(environment));
  });

  test('the file they are kept in is neither committed nor copied into the image', () => {
    expect(read('.gitignore').split('\n')).toContain('.env');
    expect(read('.dockerignore').split('\n')).toContain('*');
    expect(read('.dockerignore')).not.toContain('!.env');
  });
});

describe('in step with our programs', () => {
  const worker = serviceOf(compose, 'worker');
  const simulator = serviceOf(compose, 'simulator');
  const [program, ...args] = simulator.command ?? [];
  const argument = (name: string): string =>
    args.find((arg) => arg.startsWith(`--${name}=`))?.slice(name.length + 3) ?? '';

  test('the simulator understands its arguments, and the worker reaches it on a loopback both share', () => {
    expect(program).toBe('simulate');
    const { options, credentialsFile } = parseArguments(args, {});
    expect(worker.network_mode).toBe('service:simulator');
    expect(worker.environment?.['ECS_ENDPOINT']).toBe(`http://127.0.0.1:${options.port}`);
    expect(worker.environment?.['ALIBABA_CLOUD_CREDENTIALS_FILE']).toBe(credentialsFile);
    expect(simulator.volumes).toContain('simulator-keys:/var/lib/steward/keys');
    expect(worker.volumes).toContain('simulator-keys:/var/lib/steward/keys:ro');
    expect(credentialsFile).toBe('/var/lib/steward/keys/credentials');
  });

  test.each(['worker', 'steward'])('the settings of the %s are understood', (name) => {
    const config = loadConfig({ HOME: '/nonexistent', ...environmentOf(serviceOf(compose, name), {}, {}) });
    expect(config).toMatchObject({
      temporal: { address: 'temporal:7233', namespace: 'default' },
      resultsDir: '/var/lib/steward/results',
    });
  });

  test('the health check of the worker looks at the file the worker touches, the one of the simulator at its port', () => {
    expect(healthCommandOf(worker)).toContain('"$STEWARD_HEALTH_FILE"');
    expect(worker.environment?.['STEWARD_HEALTH_FILE']).toMatch(/^\/tmp\//);
    expect(simulator.healthcheck?.test.join(' ')).toContain(`http://127.0.0.1:${argument('port')}/`);
  });

  test('the namespace gets exactly the search attributes the workflows set, and 30 days', () => {
    const script = read('deploy/temporal/setup-namespace.sh');
    const registered = [...script.matchAll(/--name (\w+) --type (\w+)/g)].map(([, name, type]) => [
      name,
      type,
    ]);
    expect(Object.fromEntries(registered)).toEqual(SEARCH_ATTRIBUTES);
    expect(script.match(/--retention 30d/g)).toHaveLength(2);
  });
});
