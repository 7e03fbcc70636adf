/** From the notice to the accepted CreateImage, of many instances in the same moment, in real time. */
import { patrolIdOf } from '../../src/domain/event-messages';
import { taskQueueOf } from '../../src/domain/messages';
import { withSite } from './live-site';
import type { LiveServer } from './live-site';
import { SPOT } from './spot-fleet';
import { until } from './until';

/** As in production: its own share of the quota. */
const SETTINGS = { STEWARD_LOG_LEVEL: 'warn' };

/** Milliseconds, one for each instance. */
export function acceptedAfter(live: LiveServer, size: number): Promise<number[]> {
  const instances = Array.from({ length: size }, () => SPOT);
  return withSite(live, { instances, settings: SETTINGS }, async (site) => {
    await site.startWorker();
    const { regionId: region, instanceIds, simulation } = site.simulator;
    const patrol = await live.client.workflow.start('patrolRegion', {
      taskQueue: taskQueueOf(site.account),
      workflowId: patrolIdOf(site.account, region),
      args: [{ region, kinds: ['reclaims'] }],
    });
    await until('the patrol looks', () => site.calls('DescribeInstances').length > 0, 60_000);
    for (const id of instanceIds) {
      const instance = simulation.world.findInstance(id);
      if (instance) simulation.spot.reclaim(instance);
    }
    const noticedAt = Date.now();
    const images = (): number => site.effects('image.created').length;
    await until('all are being imaged', () => images() >= size || Date.now() - noticedAt > 330_000, 400_000);
    await patrol.terminate('measured');
    const noticed = new Map(site.effects('spot.noticed').map(({ resourceId, time }) => [resourceId, time]));
    const made = new Map(
      site.effects('image.created').map(({ detail, time }) => [detail?.['instanceId'], time]),
    );
    return instanceIds.map((id) => (made.get(id) ?? Infinity) - (noticed.get(id) ?? 0));
  });
}
