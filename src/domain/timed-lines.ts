/**
 * Timed commands as they are listed: the invocations of one start together, those of others each for itself.
 *
 * The one rule: nothing is said that Cloud Assistant did not say; what is counted is what its list has.
 */
import { countStates } from './invocation';
import type { StoredRow } from './messages';
import { nextTime } from './timed-times';
import { TIMED_TAGS } from './timed-commands';
import type { TimedInstance, TimedLine } from './timed-commands';

/** An invocation that is timed, as DescribeInvocations has it. */
export interface TimedInvocation {
  invokeId: string;
  commandName: string;
  type: string;
  content: string;
  timeoutSeconds: number;
  repeatMode: string;
  frequency: string;
  status: string;
  /** Empty where it is not told. */
  createdAt: string;
  active: boolean;
  tags: Record<string, string>;
  instances: (TimedInstance & { stoppedAt: string })[];
}

const LIVE = ['Pending', 'Running', 'Scheduled', 'Stopping'];
const INVOKE_IDS_IN_LINE = 5;

/** Invocations of one start of one name; an invocation of somebody else is alone. */
export function groupTimed(invocations: readonly TimedInvocation[]): TimedInvocation[][] {
  const groups = new Map<string, TimedInvocation[]>();
  for (const invocation of invocations) {
    const { [TIMED_TAGS.name]: name, [TIMED_TAGS.set]: set } = invocation.tags;
    const key = name === undefined ? invocation.invokeId : `${name} ${set}`;
    groups.set(key, [...(groups.get(key) ?? []), invocation]);
  }
  return [...groups.values()].sort((a, b) => (newest(a) < newest(b) ? 1 : -1));
}

/** One line for a group; `now` in epoch milliseconds. */
export function timedLine(group: readonly TimedInvocation[], now: number): TimedLine {
  const [first] = group;
  const name = first?.tags[TIMED_TAGS.name];
  const rows = group.flatMap(({ instances }) => instances);
  const active = group.some(comesAgain);
  const { repeatMode = '', frequency = '', createdAt = '' } = first ?? {};
  const next = active && frequency !== '' ? nextTime(frequency, Date.parse(createdAt), now) : undefined;
  return {
    name: name ?? first?.commandName ?? '',
    ours: name !== undefined,
    invokeIds: group.slice(0, INVOKE_IDS_IN_LINE).map(({ invokeId }) => invokeId),
    invocations: group.length,
    repeatMode,
    frequency,
    state: stateOf(group.map(({ status }) => status)),
    active,
    createdAt,
    states: countStates({ instances: rows }),
    instances: rows.length,
    last: lastOf(rows),
    ...(next === undefined ? {} : { next: new Date(next).toISOString() }),
  };
}

/** False where it has ended, or was stopped and only what had started goes on. */
export function comesAgain({ active, instances }: TimedInvocation): boolean {
  return (
    active &&
    instances.some(
      ({ status, stoppedAt }) =>
        status === 'Scheduled' || status === 'Pending' || (status === 'Running' && stoppedAt === ''),
    )
  );
}

function stateOf(statuses: readonly string[]): string {
  const live = LIVE.find((status) => statuses.includes(status));
  const [first = ''] = statuses;
  return live ?? (statuses.every((status) => status === first) ? first : 'Ended');
}

function lastOf(rows: readonly TimedInstance[]): TimedLine['last'] {
  const last: TimedLine['last'] = { succeeded: 0, failed: 0, none: 0 };
  for (const { exitCode, errorCode = '', startedAt } of rows) {
    if (startedAt !== undefined && startedAt > (last.startedAt ?? '')) last.startedAt = startedAt;
    if (exitCode === 0) last.succeeded += 1;
    else if (exitCode !== undefined || errorCode !== '') last.failed += 1;
    else last.none += 1;
  }
  return last;
}

function newest(group: readonly TimedInvocation[]): string {
  return group.reduce((latest, { createdAt }) => (createdAt > latest ? createdAt : latest), '');
}

/** An occurrence may be read twice; it is one. */
export function occurrenceKey({ invokeId, instanceId, startedAt, finishedAt }: StoredRow): string {
  return [invokeId, instanceId, startedAt, finishedAt].join(' ');
}

/** The newest first; of those at the same moment, instances in order. */
export function byTime(a: StoredRow, b: StoredRow): number {
  const [left, right] = [a, b].map(({ startedAt, finishedAt }) => startedAt ?? finishedAt ?? '');
  if (left !== right) return (left ?? '') < (right ?? '') ? 1 : -1;
  return a.instanceId < b.instanceId ? -1 : 1;
}
