import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { replay } from '../support/replay';

const DIRECTORY = join(__dirname, '../replay/histories');
const FILES = readdirSync(DIRECTORY).filter((name) => name.endsWith('.json'));

interface History {
  events: {
    eventType: string;
    workflowExecutionStartedEventAttributes?: { input: { payloads: { data: string }[] } };
    activityTaskScheduledEventAttributes?: { activityType: { name: string } };
  }[];
}

const load = (name: string): History => JSON.parse(readFileSync(join(DIRECTORY, name), 'utf8')) as History;

/** Some workflows insist on their id; a history does not carry it, but what it is made of. */
function idOf(name: string): string {
  if (name.startsWith('watch-region')) return 'watch/test/cn-hangzhou';
  if (name.startsWith('apply-working-hours')) return 'apply-working-hours';
  if (name.startsWith('install-agents')) return 'install-agents';
  if (name.startsWith('gate')) return 'gate/test/cn-hangzhou';
  const isSpot = name.startsWith('relaunch-spot-instance');
  if (!isSpot && !name.startsWith('handle-system-event')) return name;
  const data = load(name).events[0]?.workflowExecutionStartedEventAttributes?.input.payloads[0]?.data ?? '';
  const { region, eventId, instanceId } = JSON.parse(Buffer.from(data, 'base64').toString()) as Record<
    string,
    string
  >;
  return isSpot ? `spot/test/${region}/${instanceId}` : `system-event/test/${region}/${eventId}`;
}

beforeAll(() => Runtime.install({ logger: new DefaultLogger('ERROR') }));

describe('histories of this and earlier releases', () => {
  it.each(FILES)('%s replays', async (name) => {
    await replay(load(name), idOf(name));
  });

  it.each(['watch-region', 'patrol-region', 'gate'])('include the eternal %s', (workflow) => {
    expect(FILES.some((name) => name.startsWith(workflow))).toBe(true);
  });

  it.each(FILES)('%s with another activity in the place of one does not', async (name) => {
    const history = load(name);
    const scheduled = history.events.findLast((event) => event.activityTaskScheduledEventAttributes);
    if (!scheduled?.activityTaskScheduledEventAttributes) throw new Error('no activity in this history');
    scheduled.activityTaskScheduledEventAttributes.activityType.name = 'somethingElse';
    await expect(replay(history, idOf(name))).rejects.toMatchObject({ name: 'DeterminismViolationError' });
  });
});
