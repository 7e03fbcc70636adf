import * as Models from '@alicloud/ecs20140526';
import { assist, REGION } from './support/assistant';
import type { Assistant } from './support/assistant';
import { until } from './support/simulated';

const stop = (on: Assistant, invokeId: string, instanceId?: string[]) =>
  on.sdk.stopInvocation(new Models.StopInvocationRequest({ regionId: REGION, invokeId, instanceId }));

const statuses = async (on: Assistant, invokeId: string) =>
  (await on.results(invokeId)).map((row) => row.invocationStatus);

/** One instance runs the script, the other two still wait for delivery. */
async function halfway(switches: object = {}) {
  const on = await assist({ time: { kind: 'driven' }, durations: { delivery: 1_000 }, switches });
  const { invokeId: started } = await on.run('echo begun; sleep 600', { timeout: 3_600 });
  await on.control.advance(2_000);
  const { invokeId: waiting } = await on.run('echo never');
  return { on, started, waiting };
}

describe('StopInvocation', () => {
  it('cancels what has not started and lets run on what has', async () => {
    const { on, started, waiting } = await halfway();
    await stop(on, waiting);
    await stop(on, started);
    expect(await statuses(on, waiting)).toEqual(['Cancelled', 'Cancelled', 'Cancelled']);
    expect(await on.invocation(waiting)).toMatchObject({
      invocationStatus: 'Stopped',
      invokeStatus: 'Stopped',
    });
    expect(await statuses(on, started)).toEqual(['Running', 'Running', 'Running']);
    await on.control.advance(700_000);
    expect(await statuses(on, started)).toEqual(['Success', 'Success', 'Success']);
    const effects = await on.control.effects('command.started');
    expect(effects.filter(({ detail }) => detail?.['invokeId'] === waiting)).toEqual([]);
    await on.close();
  });

  it('ends what has started where the switch says so: Stopping, then Terminated', async () => {
    const { on, started } = await halfway({ stopInvocation: 'terminate' });
    await stop(on, started);
    expect(await statuses(on, started)).toEqual(['Stopping', 'Stopping', 'Stopping']);
    expect(await on.invocation(started)).toMatchObject({
      invocationStatus: 'Stopping',
      invokeStatus: 'Stopping',
    });
    await on.control.advance(2_000);
    const rows = await on.results(started);
    for (const row of rows)
      expect(row).toMatchObject({
        invocationStatus: 'Terminated',
        invokeRecordStatus: 'Stopped',
        output: 'begun\n',
      });
    for (const row of rows) expect(row.stopTime).not.toBe('');
    expect(await on.invocation(started)).toMatchObject({ invocationStatus: 'Stopped' });
    await on.close();
  });

  it('on some instances leaves the others alone', async () => {
    const { on, waiting } = await halfway();
    const [first = ''] = on.instanceIds;
    await stop(on, waiting, [first]);
    await on.control.advance(5_000);
    expect(await statuses(on, waiting)).toEqual(['Cancelled', 'Success', 'Success']);
    expect(await on.invocation(waiting)).toMatchObject({ invocationStatus: 'Success' });
    await on.close();
  });

  it('of what has ended changes nothing', async () => {
    const on = await assist();
    const { invokeId } = await on.run('true');
    const before = await on.ended(invokeId);
    await stop(on, invokeId);
    expect(await on.results(invokeId)).toEqual(before);
    await on.close();
  });

  it('ends the processes of a script on this machine', async () => {
    const on = await assist({ exec: 'shell', instances: 1, switches: { stopInvocation: 'terminate' } });
    const { invokeId } = await on.run('echo begun; sleep 61');
    await until(
      () => on.results(invokeId),
      ([row]) => row?.output === 'begun\n',
    );
    await stop(on, invokeId);
    expect(await on.ended(invokeId)).toMatchObject([{ invocationStatus: 'Terminated', output: 'begun\n' }]);
    await on.close();
  });
});
