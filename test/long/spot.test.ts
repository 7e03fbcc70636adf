/** 200 spot instances taken back in the same minute, with our own share of the quota. */
import { manyRescued } from '../support/spot-many';

test('200 in the same minute: each image accepted in time, each on one replacement', async () => {
  const { late, outcomes, images, replacements, acceptedAfterMs } = await manyRescued(200);
  expect(late).toEqual([]);
  expect(outcomes).toEqual({ relaunched: 200 });
  expect([images, replacements]).toEqual([200, 200]);
  expect(acceptedAfterMs.at(-1)).toBeLessThan(300_000);
}, 900_000);
