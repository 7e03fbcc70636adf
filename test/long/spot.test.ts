/** 200 spot instances taken back in the same moment, with our own share of the quota: each image accepted in time, once. */
import { LiveServer } from '../support/live-site';
import { acceptedAfter } from '../support/spot-accepted';

test('200 at once: each CreateImage is accepted within the five minutes', async () => {
  const live = await LiveServer.start();
  const after = await acceptedAfter(live, 200);
  await live.close();
  expect(after).toHaveLength(200);
  expect(Math.max(...after)).toBeLessThan(300_000);
}, 900_000);
