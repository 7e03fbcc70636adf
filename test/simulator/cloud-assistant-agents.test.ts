import * as Models from '@alicloud/ecs20140526';
import { assist, REGION } from './support/assistant';
import type { Assistant } from './support/assistant';

type Status =
  Models.DescribeCloudAssistantStatusResponseBodyInstanceCloudAssistantStatusSetInstanceCloudAssistantStatus;

const DRIVEN = { time: { kind: 'driven' }, durations: { rebooting: 10_000, agentBoot: 5_000 } } as const;

async function withOne(
  agent: NonNullable<Parameters<Assistant['control']['addInstances']>[0]>['agent'],
  work: (on: Assistant, id: string) => Promise<void>,
): Promise<void> {
  const on = await assist({ ...DRIVEN, instances: [{ agent }] });
  try {
    await work(on, on.instanceIds[0] ?? '');
  } finally {
    await on.close();
  }
}

async function statusOf(on: Assistant): Promise<Status> {
  const request = new Models.DescribeCloudAssistantStatusRequest({ regionId: REGION });
  const { body } = await on.sdk.describeCloudAssistantStatus(request);
  const [row] = body?.instanceCloudAssistantStatusSet?.instanceCloudAssistantStatus ?? [];
  if (!row) throw new Error('no row');
  return row;
}

/** How a command ends that is sent now, after two minutes. */
async function endOf(on: Assistant, over: object = {}): Promise<string> {
  const { invokeId } = await on.run('true', over);
  await on.control.advance(120_000);
  const [row] = await on.results(invokeId);
  return `${row?.invocationStatus} ${row?.errorCode}`;
}

const install = (on: Assistant, id: string): Promise<unknown> =>
  on.sdk.installCloudAssistant(
    new Models.InstallCloudAssistantRequest({ regionId: REGION, instanceId: [id] }),
  );

describe('an agent', () => {
  it('of the old boot is still said to be there for two minutes after RebootInstance, by its last heartbeat', () =>
    withOne({}, async (on, id) => {
      await on.control.advance(130_000);
      const before = await statusOf(on);
      await on.ok('RebootInstance', { InstanceId: id });
      await on.control.updateInstance(id, { stuck: true });
      await on.control.advance(60_000);
      expect(await statusOf(on)).toMatchObject({
        cloudAssistantStatus: 'true',
        lastHeartbeatTime: before.lastHeartbeatTime,
      });
      await on.control.advance(60_000);
      expect(await statusOf(on)).toMatchObject({
        cloudAssistantStatus: 'false',
        cloudAssistantVersion: '',
        lastHeartbeatTime: before.lastHeartbeatTime,
      });
    }));

  it('that is installed comes with the next start, and not before', () =>
    withOne({ installed: false }, async (on, id) => {
      expect(await statusOf(on)).toMatchObject({ cloudAssistantStatus: 'false', lastHeartbeatTime: '' });
      await install(on, id);
      await on.control.advance(600_000);
      expect((await statusOf(on)).cloudAssistantStatus).toBe('false');
      expect(await endOf(on)).toBe('Aborted ClientNotRunning');
      expect(await on.control.effects('agent.installed')).toEqual([]);
      await on.ok('RebootInstance', { InstanceId: id });
      await on.control.advance(14_000);
      expect((await statusOf(on)).cloudAssistantStatus).toBe('false');
      await on.control.advance(2_000);
      expect(await statusOf(on)).toMatchObject({
        cloudAssistantStatus: 'true',
        cloudAssistantVersion: expect.stringMatching(/^2\.2\.3\./) as string,
      });
      expect(await endOf(on)).toBe('Success ');
      expect(await on.control.effects('agent.installed')).toHaveLength(1);
    }));

  it('that somebody stopped runs again after an installation and a start, and not by a start alone', () =>
    withOne({ enabled: false }, async (on, id) => {
      await on.ok('RebootInstance', { InstanceId: id });
      await on.control.advance(60_000);
      expect((await statusOf(on)).cloudAssistantStatus).toBe('false');
      await install(on, id);
      await on.ok('StopInstance', { InstanceId: id });
      await on.control.advance(60_000);
      await on.ok('StartInstance', { InstanceId: id });
      await on.control.advance(60_000);
      expect((await statusOf(on)).cloudAssistantStatus).toBe('true');
    }));

  it('that the security group cuts off is missed after two minutes, and no installation helps', () =>
    withOne({}, async (on, id) => {
      await on.control.updateInstance(id, { agent: { blocked: true } });
      expect(await endOf(on)).toBe('Aborted SecurityGroupRuleDenied');
      expect(await statusOf(on)).toMatchObject({ cloudAssistantStatus: 'false' });
      await install(on, id);
      await on.ok('RebootInstance', { InstanceId: id });
      await on.control.advance(600_000);
      expect((await statusOf(on)).cloudAssistantStatus).toBe('false');
      await on.control.updateInstance(id, { agent: { blocked: false } });
      expect(await endOf(on)).toBe('Success ');
    }));

  it('that upgrades itself takes no command, and is heard of', () =>
    withOne({ upgrading: true }, async (on, id) => {
      expect(await endOf(on)).toBe('Aborted ClientIsUpgrading');
      expect((await statusOf(on)).cloudAssistantStatus).toBe('true');
      await on.control.updateInstance(id, { agent: { upgrading: false } });
      expect(await endOf(on)).toBe('Success ');
    }));

  it('that is old lacks parameters and new schedules, until it is installed anew', () =>
    withOne({ version: '2.2.3.281' }, async (on, id) => {
      const withParameters = { enableParameter: true, commandContent: 'echo {{a}}', parameters: { a: 'b' } };
      const atRate = { repeatMode: 'Period', frequency: 'rate(90s)', timeout: 10 };
      expect(await endOf(on)).toBe('Success ');
      expect(await endOf(on, withParameters)).toBe('Aborted ClientNeedUpgrade');
      expect(await endOf(on, atRate)).toBe('Scheduled ClientNeedUpgrade');
      await on.control.updateInstance(id, { agent: { version: '2.2.3.309' } });
      expect(await endOf(on, withParameters)).toBe('Success ');
      await on.control.updateInstance(id, { agent: { version: '2.2.3.100' } });
      await install(on, id);
      await on.ok('RebootInstance', { InstanceId: id });
      await on.control.advance(60_000);
      expect(await endOf(on, withParameters)).toBe('Success ');
    }));
});
