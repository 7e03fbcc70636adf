/**
 * What may be done to an instance in which state, under which lock, and what a refused call leaves untouched.
 */
import { QUICK, until, useSimulator } from './support/simulated';

const sim = useSimulator({
  instances: 3,
  durations: { ...QUICK, starting: 60_000, stopping: 60_000, rebooting: 60_000 },
});

const one = async (
  settings: Parameters<ReturnType<typeof sim>['control']['addInstances']>[0] = {},
): Promise<string> => (await sim().control.addInstances(settings))[0] ?? '';
const statusOf = async (InstanceId: string): Promise<unknown> =>
  (await sim().ok('DescribeInstanceAttribute', { InstanceId }))['Status'];

const WRONG = '403 IncorrectInstanceStatus';
const ACTIONS = ['StartInstance', 'StopInstance', 'RebootInstance', 'DeleteInstance'];

describe.each([
  ['Stopped', ['200 OK', WRONG, WRONG, '200 OK'], ['Starting', '', '', undefined]],
  ['Running', [WRONG, '200 OK', '200 OK', WRONG], ['', 'Stopping', 'Starting', '']],
  ['Starting', [WRONG, WRONG, WRONG, WRONG], ['', '', '', '']],
  ['Stopping', [WRONG, WRONG, WRONG, WRONG], ['', '', '', '']],
  ['Pending', [WRONG, WRONG, WRONG, '403 IncorrectInstanceStatus.Initializing'], ['', '', '', '']],
] as const)('while %s', (status, answers, after) => {
  test.each(ACTIONS.map((action, index) => [action, answers[index] ?? '', after[index]] as const))(
    '%s answers %s',
    async (action, answer, then) => {
      const InstanceId = await one({ status });
      expect(await sim().fails(action, { InstanceId })).toBe(answer);
      if (then === undefined)
        expect(await sim().fails('StopInstance', { InstanceId })).toBe('404 InvalidInstanceId.NotFound');
      else expect(await statusOf(InstanceId)).toBe(then === '' ? status : then);
    },
  );
});

test('a running instance is released by force only, at once when the power may be cut', async () => {
  const InstanceId = await one();
  expect(await sim().fails('DeleteInstance', { InstanceId, Force: 'true' })).toBe('200 OK');
  expect(await statusOf(InstanceId)).toBe('Stopping');
  const other = await one();
  expect(await sim().fails('DeleteInstance', { InstanceId: other, Force: 'True', ForceStop: 'TRUE' })).toBe(
    '200 OK',
  );
  expect(await sim().fails('DescribeInstanceAttribute', { InstanceId: other })).toBe(
    '404 InvalidInstanceId.NotFound',
  );
});

test.each([
  ['deletion protection', { deletionProtection: true }, '403 InvalidOperation.DeletionProtection'],
  ['a subscription', { chargeType: 'PrePaid' as const }, '403 ChargeTypeViolation'],
])('%s keeps an instance from being released', async (_what, settings, answer) => {
  const InstanceId = await one({ status: 'Stopped', ...settings });
  expect(await sim().fails('DeleteInstance', { InstanceId, Force: 'true' })).toBe(answer);
  expect(await sim().fails('DeleteInstances', { 'InstanceId.1': InstanceId })).toBe(answer);
});

test.each([
  ['PostPaid', '403 InstanceExpired'],
  ['PrePaid', '403 InstanceExpiredOrInArrears'],
] as const)('a %s instance that is not paid for is not started: %s', async (chargeType, code) => {
  const InstanceId = await one({ status: 'Stopped', chargeType });
  await sim().control.updateInstance(InstanceId, { locks: [{ reason: 'financial' }] });
  expect(await sim().fails('StartInstance', { InstanceId })).toBe(code);
});

test.each([
  [
    'security',
    ['403 InstanceLockedForSecurity', '403 InstanceLockedForSecurity', '403 InstanceLockedForSecurity'],
  ],
  ['Recycling', [WRONG, '200 OK', WRONG]],
])('a %s lock stops start, stop and reboot as documented, and is shown', async (reason, answers) => {
  const stopped = await one({ status: 'Stopped' });
  const running = [await one(), await one()];
  for (const id of [stopped, ...running]) await sim().control.updateInstance(id, { locks: [{ reason }] });
  const calls = [
    await sim().fails('StartInstance', { InstanceId: stopped }),
    await sim().fails('StopInstance', { InstanceId: running[0] ?? '' }),
    await sim().fails('RebootInstance', { InstanceId: running[1] ?? '' }),
  ];
  expect(calls).toEqual(answers);
  const found = await sim().ok('DescribeInstances', { LockReason: reason.toLowerCase(), PageSize: '100' });
  expect(found['TotalCount']).toBe(3);
  for (const id of [stopped, ...running]) await sim().control.removeInstance(id);
});

test('StopCharging gives the capacity back, and starting again can find it gone', async () => {
  const InstanceId = await one({ zoneId: 'cn-hangzhou-k', instanceType: 'ecs.c7.large', status: 'Stopped' });
  await sim().control.updateInstance(InstanceId, { status: 'Stopped', stoppedMode: 'StopCharging' });
  const stock = { zoneId: 'cn-hangzhou-k', instanceType: 'ecs.c7.large' };
  await sim().control.setStock({ ...stock, stock: 0 });
  expect(await sim().fails('StartInstance', { InstanceId })).toBe('403 OperationDenied.NoStock');
  await sim().control.setStock({ ...stock, stock: null });
  expect(await sim().fails('StartInstance', { InstanceId })).toBe('200 OK');
});

test('StopCharging where it is not supported is ignored, or refused by the switch', async () => {
  const settings = { chargeType: 'PrePaid' as const };
  await sim().control.setSwitches({ stopCharging: 'reject' });
  const refused = await one(settings);
  expect(await sim().fails('StopInstance', { InstanceId: refused, StoppedMode: 'StopCharging' })).toBe(
    '403 InvalidInstanceId.NotSupport',
  );
  await sim().control.setSwitches({ stopCharging: 'ignore' });
  const quick = await one(settings);
  await sim().ok('StopInstance', { InstanceId: quick, StoppedMode: 'StopCharging', ForceStop: 'true' });
  const [row] = await until(
    async () => (await sim().control.instances()).filter(({ instanceId }) => instanceId === quick),
    ([found]) => found?.status === 'Stopped',
  );
  expect(row?.stoppedMode).toBe('KeepCharging');
});

test('AllTogether changes nothing when one member fails; SuccessFirst does what it can', async () => {
  const good = await one();
  const bad = await one({ status: 'Stopped' });
  const members = { 'InstanceId.1': good, 'InstanceId.7': bad };
  await sim().control.mark('batch');
  expect(await sim().fails('StopInstances', members)).toBe(WRONG);
  expect(await sim().control.effects(undefined, { sinceMark: 'batch' })).toEqual([]);
  const answer = await sim().ok('StopInstances', { ...members, BatchOptimization: 'SuccessFirst' });
  expect(answer['InstanceResponses']).toEqual({
    InstanceResponse: [
      {
        InstanceId: good,
        Code: '200',
        Message: 'success',
        PreviousStatus: 'Running',
        CurrentStatus: 'Stopping',
      },
      expect.objectContaining({ InstanceId: bad, Code: 'IncorrectInstanceStatus', CurrentStatus: 'Stopped' }),
    ],
  });
});

test('DryRun changes nothing: a verdict for one, DRYRUN.SUCCESS for a batch, always for SuccessFirst', async () => {
  const InstanceId = await one();
  expect(await sim().fails('StopInstance', { InstanceId, DryRun: 'true' })).toBe('400 DryRunOperation');
  const batch = { 'InstanceId.1': InstanceId, DryRun: 'true' };
  expect(await sim().fails('StopInstances', batch)).toBe('400 DRYRUN.SUCCESS');
  expect(await sim().fails('StartInstances', batch)).toBe(WRONG);
  expect(await sim().fails('StartInstances', { ...batch, BatchOptimization: 'SuccessFirst' })).toBe(
    '400 DRYRUN.SUCCESS',
  );
  expect(await statusOf(InstanceId)).toBe('Running');
});

test('a batch of 101 ids is refused', async () => {
  const many = Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`InstanceId.${i + 1}`, `i-${i}`]));
  expect(await sim().fails('RebootInstances', many)).toBe('403 InstanceIdLimitExceeded');
});

test('a reboot is one effect, a new boot, and the agent comes back', async () => {
  const InstanceId = await one();
  const before = (await sim().control.instances()).find(({ instanceId }) => instanceId === InstanceId);
  await sim().ok('RebootInstance', { InstanceId });
  const during = (await sim().control.instances()).find(({ instanceId }) => instanceId === InstanceId);
  expect(during?.status).toBe('Starting');
  await sim().control.updateInstance(InstanceId, { status: 'Running' });
  const after = (await sim().control.instances()).find(({ instanceId }) => instanceId === InstanceId);
  expect(after?.bootId).not.toBe(before?.bootId);
  expect(after?.agent.lastHeartbeat).toBeGreaterThan(0);
  expect(await sim().control.effects('instance.rebooting', { resourceId: InstanceId })).toHaveLength(1);
});
