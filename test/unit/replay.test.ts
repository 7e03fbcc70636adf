import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { replay } from '../support/replay';

const DIRECTORY = join(__dirname, '../replay/histories');
const FILES = readdirSync(DIRECTORY).filter((name) => name.endsWith('.json'));

interface History {
  events: { eventType: string; activityTaskScheduledEventAttributes?: { activityType: { name: string } } }[];
}

const load = (name: string): History => JSON.parse(readFileSync(join(DIRECTORY, name), 'utf8')) as History;

/** `watch-region-0.1.0.json` was recorded under the id its workflow insists on. */
const idOf = (name: string): string => (name.startsWith('watch-region') ? 'watch/test/cn-hangzhou' : name);

beforeAll(() => Runtime.install({ logger: new DefaultLogger('ERROR') }));

describe('histories of this and earlier releases', () => {
  it.each(FILES)('%s replays', async (name) => {
    await replay(load(name), idOf(name));
  });

  it('includes the eternal workflow', () => {
    expect(FILES.some((name) => name.startsWith('watch-region'))).toBe(true);
  });

  it.each(FILES)('%s with another activity in the place of one does not', async (name) => {
    const history = load(name);
    const scheduled = history.events.find((event) => event.activityTaskScheduledEventAttributes);
    if (!scheduled?.activityTaskScheduledEventAttributes) throw new Error('no activity in this history');
    scheduled.activityTaskScheduledEventAttributes.activityType.name = 'somethingElse';
    await expect(replay(history, idOf(name))).rejects.toMatchObject({ name: 'DeterminismViolationError' });
  });
});
