/** Everything wrong with the environment is told at once, and nothing is guessed. */
import { ConfigError, loadConfig } from '../../src/config';

const NO_FILE = { HOME: '/nonexistent', XDG_CONFIG_HOME: '/nonexistent' };

function issuesOf(env: NodeJS.ProcessEnv): string[] {
  try {
    loadConfig({ ...NO_FILE, ...env });
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split('\n');
    throw error;
  }
  return [];
}

test('an empty environment gives the defaults', () => {
  expect(loadConfig(NO_FILE)).toMatchObject({
    account: 'default',
    taskQueue: 'steward-default',
    temporal: { addressGiven: false, namespaceGiven: false, address: 'localhost:7233', namespace: 'default' },
    ecs: { endpoint: undefined, region: undefined },
    paths: { stateDir: '/nonexistent/.local/state/ecs-steward', cacheDir: '/nonexistent/.cache/ecs-steward' },
    resultsDir: '/nonexistent/.local/state/ecs-steward/results',
    logLevel: 'info',
    worker: { stickyTimeoutMs: 5000 },
  });
});

test('an empty variable counts as not set', () => {
  expect(
    loadConfig({ ...NO_FILE, STEWARD_ACCOUNT: '', TEMPORAL_ADDRESS: '', ECS_ENDPOINT: '' }),
  ).toMatchObject({
    account: 'default',
    temporal: { addressGiven: false },
  });
});

test('the variables of the temporal command are understood', () => {
  const { temporal } = loadConfig({
    ...NO_FILE,
    TEMPORAL_ADDRESS: 'temporal.internal:7233',
    TEMPORAL_NAMESPACE: 'ops',
    TEMPORAL_API_KEY: 'key',
  });
  expect(temporal).toMatchObject({ addressGiven: true, namespaceGiven: true, namespace: 'ops' });
  expect(temporal.connectionOptions).toMatchObject({
    address: 'temporal.internal:7233',
    apiKey: 'key',
    tls: true,
  });
});

test('our share of the quota can be told by action', () => {
  const quota = 'RunCommand=200, Describe*=600,*=60';
  expect(loadConfig({ ...NO_FILE, STEWARD_ECS_QUOTA: quota }).ecs.quota).toEqual({
    RunCommand: 200,
    'Describe*': 600,
    '*': 60,
  });
  for (const wrong of ['RunCommand', 'RunCommand=0', 'RunCommand=1.5', '=3', 'RunCommand=5;*=3'])
    expect(() => loadConfig({ ...NO_FILE, STEWARD_ECS_QUOTA: wrong })).toThrow('calls a minute by action');
});

test.each([
  ['127.0.0.1:8080', { host: '127.0.0.1:8080', protocol: 'http' }],
  ['localhost', { host: 'localhost', protocol: 'http' }],
  ['http://[::1]:99/', { host: '[::1]:99', protocol: 'http' }],
  ['https://127.0.0.1:8443', { host: '127.0.0.1:8443', protocol: 'https' }],
  ['ecs.cn-hangzhou.aliyuncs.com', { host: 'ecs.cn-hangzhou.aliyuncs.com', protocol: 'https' }],
])('ECS_ENDPOINT=%s', (text, endpoint) => {
  expect(loadConfig({ ...NO_FILE, ECS_ENDPOINT: text }).ecs.endpoint).toEqual(endpoint);
});

test.each([
  ['ECS_ENDPOINT', 'http://ecs.aliyuncs.com', 'plain http'],
  ['ECS_ENDPOINT', 'https://evil.example', 'neither on loopback'],
  ['ECS_ENDPOINT', 'https://evil.example#.aliyuncs.com', 'must be host'],
  ['ECS_ENDPOINT', 'https://user@127.0.0.1', 'must be host'],
  ['ECS_ENDPOINT', '127.0.0.1.evil.example:80', 'neither on loopback'],
  ['ECS_ENDPOINT', '127.0.0.1:99999', 'port'],
  ['STEWARD_REGION', 'evil.com#', 'RegionId'],
  ['STEWARD_ACCOUNT', 'Two Words', 'short name'],
  ['STEWARD_LOG_LEVEL', 'loud', 'one of trace'],
  ['STEWARD_STATE_DIR', 'relative/dir', 'absolute path'],
  ['STEWARD_STICKY_TIMEOUT_MS', '5s', 'whole number of milliseconds from 500 to 60000'],
  ['STEWARD_MAX_CACHED_WORKFLOWS', '0', 'whole number'],
  ['TEMPORAL_ADDRESS', 'http://localhost:7233', 'host:port'],
  ['TEMPORAL_PROFILE', 'nowhere', "Profile 'nowhere' not found"],
  ['TEMPORAL_TLS_CLIENT_CERT_PATH', '/nonexistent/cert.pem', 'no such file'],
])('%s=%s is refused', (name, value, message) => {
  const issues = issuesOf({ [name]: value });
  expect(issues).toHaveLength(1);
  expect(issues[0]).toContain(message);
});

test('every error is told at once, each with its variable', () => {
  const issues = issuesOf({ STEWARD_ACCOUNT: '!', ECS_ENDPOINT: 'http://10.0.0.1', TEMPORAL_ADDRESS: 'x' });
  expect(issues.map((line) => line.split(':')[0])).toEqual([
    'STEWARD_ACCOUNT',
    'ECS_ENDPOINT',
    'TEMPORAL_ADDRESS',
  ]);
});
