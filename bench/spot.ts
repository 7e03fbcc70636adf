/**
 * How a notice of five minutes is used: notice to accepted CreateImage for 1, 50 and 200 instances in the same moment
 * (real time, the patrol as it is, our own share of the quota, the simulator's limits); notice to a serving replacement
 * against the time the image takes; calls of a look at fleets of 100 and 10,000.
 *
 * Usage: npm run bench:spot [-- SIZE …]   (default 1 50 200; about 8 minutes)
 */
import { taskQueueOf } from '../src/domain/messages';
import { EMPTY_POLICY_FILE } from '../src/domain/policy';
import { LiveServer } from '../test/support/live-site';
import { acceptedAfter } from '../test/support/spot-accepted';
import { REGION, withFleet } from '../test/support/skipping-environment';
import { effects, reclaim, SPOT, startRescue } from '../test/support/spot-fleet';
import { until } from '../test/support/until';
import { percentile, printTable, runBenchmark, say, seconds } from './support/figures';
import type { Cell } from './support/figures';

const SIZES = process.argv.length > 2 ? process.argv.slice(2).map(Number) : [1, 50, 200];
/** What the whole image takes: seconds for each GiB of a disk of 40, and 20 s beside. */
const PER_GIB_MS = [250, 2_000, 8_000];

runBenchmark(async () => {
  const live = await LiveServer.start();
  const accepted: Cell[][] = [];
  for (const size of SIZES) {
    say(`${size} at once …`);
    const after = await acceptedAfter(live, size);
    const at = (share: number): Cell => seconds(percentile(after, share));
    accepted.push([size, at(0.5), at(0.99), at(1), after.filter((ms) => ms > 300_000).length]);
  }
  await live.close();
  printTable(
    'Seconds from the notice to the accepted CreateImage',
    ['taken back at once', 'p50', 'p99', 'last', 'later than five minutes'],
    accepted,
  );
  const serving: Cell[][] = [];
  for (const perGib of PER_GIB_MS) serving.push(await servingAfter(perGib));
  printTable(
    'Seconds from the notice to a replacement that serves (time of the test server)',
    ['the image takes', 'CreateImage accepted', 'replacement serves', 'of these after the image'],
    serving,
  );
  const looks: Cell[][] = [];
  for (const fleet of [100, 10_000]) looks.push(await callsOfLook(fleet));
  printTable('Calls of one look of the patrol', ['instances', 'none locked', '3 locked'], looks);
});

function servingAfter(imagePerGiB: number): Promise<Cell[]> {
  const options = { instances: [SPOT], durations: { imagePerGiB }, policies: EMPTY_POLICY_FILE };
  return withFleet(options, async (fleet) => {
    const [id = ''] = fleet.simulator.instanceIds;
    await reclaim(fleet, id);
    const { servingAt = '', imageAcceptedAt = '' } = await (await startRescue(fleet, id)).result();
    const noticed = effects(fleet, 'spot.noticed')[0]?.time ?? NaN;
    const imageMs =
      (effects(fleet, 'image.available')[0]?.time ?? NaN) - (effects(fleet, 'image.created')[0]?.time ?? NaN);
    const serves = Date.parse(servingAt) - noticed;
    const acceptedMs = Date.parse(imageAcceptedAt) - noticed;
    return [imageMs, acceptedMs, serves, serves - acceptedMs - imageMs].map(seconds);
  });
}

function callsOfLook(instances: number): Promise<Cell[]> {
  const fleetOf = Array.from({ length: instances }, () => SPOT);
  return withFleet({ instances: fleetOf, policies: EMPTY_POLICY_FILE }, async (fleet) => {
    const look = async (): Promise<Cell> => {
      const before = fleet.callsOf('DescribeInstances');
      const patrol = await fleet.temporal.client.workflow.start('patrolRegion', {
        taskQueue: taskQueueOf(fleet.account),
        workflowId: `patrol/${fleet.account}/${REGION}`,
        // Another instance than those that are locked: the look sees them, and starts nothing.
        args: [{ region: REGION, kinds: ['reclaims'], instanceIds: ['i-bp1nobody'] }],
      });
      const lookOf = (): Promise<{ lastLockLook?: { calls: number } }> => patrol.query('progress');
      await until('it has looked', async () => (await lookOf()).lastLockLook !== undefined);
      const { lastLockLook } = await lookOf();
      await patrol.terminate('measured');
      return Math.max(lastLockLook?.calls ?? 0, fleet.callsOf('DescribeInstances') - before);
    };
    const none = await look();
    for (const id of fleet.simulator.instanceIds.slice(0, 3)) await reclaim(fleet, id);
    return [instances, none, await look()];
  });
}
