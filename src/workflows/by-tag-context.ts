/** What the parts of a start or stop by tag share: its state, its counting, its alerts. */
import { setCurrentDetails } from '@temporalio/workflow';
import { SHOWN, byTagDetails } from '../domain/by-tag';
import type { Purpose } from '../domain/by-tag';
import type {
  ByTagProgress,
  ByTagTotals,
  StartByTagInput,
  StopByTagInput,
  StoppedMode,
} from '../domain/hours-messages';
import type { InstanceRow } from '../domain/messages';
import { messageOf } from './failure-text';
import type { GateLease } from './gate-lease';
import { recording, telling } from './proxies';
import type { Hints } from './waiting';
import { askForAttention } from './search-attributes';

/** Both inputs as one: what only the other one has is absent. */
export type EitherInput = Omit<StartByTagInput & StopByTagInput, 'region' | 'tags'> &
  Pick<StartByTagInput, 'region' | 'tags'>;

export interface ByTagContext {
  readonly type: string;
  readonly purpose: Purpose;
  readonly input: EitherInput;
  /** What a stop asks for; absent at a start. */
  readonly stoppedMode?: StoppedMode;
  readonly hints: Hints;
  readonly lease: GateLease;
  readonly startedAt: string;
  phase: ByTagProgress['phase'];
  totals: ByTagTotals;
  calls: number;
  exceptions: InstanceRow[];
  warnings: string[];
  badTags: Record<string, string>;
  storePath: string;
  /** Instances that have no row yet. */
  readonly open: Set<string>;
  readonly windows: Set<string>;
  waitingForStock: number;
  /** Notify hooks that are being told; nothing waits for them but the end. */
  readonly tellings: Promise<void>[];
}

export function progressOf(context: ByTagContext): ByTagProgress {
  const { phase, input, purpose, totals, waitingForStock, startedAt, open } = context;
  return { phase, region: input?.region ?? '', purpose, totals, open: open.size, waitingForStock, startedAt };
}

export function show(context: ByTagContext): void {
  setCurrentDetails(byTagDetails(progressOf(context)));
}

/** Counts instances that have their row now. */
export function close(
  context: ByTagContext,
  instanceIds: readonly string[],
  counts: Partial<ByTagTotals> & { exceptions?: InstanceRow[] },
): void {
  for (const id of instanceIds) context.open.delete(id);
  const { exceptions = [], ...numbers } = counts;
  for (const [name, count] of Object.entries(numbers) as [keyof ByTagTotals, number][])
    context.totals[name] += count;
  // Each kind keeps its first 50: which come first is decided at the end.
  for (const row of exceptions)
    if (context.exceptions.filter(({ outcome }) => outcome === row.outcome).length < SHOWN)
      context.exceptions.push(row);
  show(context);
}

/** Gives instances that were not acted on their row. */
export async function record(
  context: ByTagContext,
  instanceIds: readonly string[],
  row: Omit<InstanceRow, 'instanceId'>,
): Promise<void> {
  if (instanceIds.length === 0) return;
  await recording.recordInstances({ instanceIds: [...instanceIds], row });
  const exceptions = instanceIds.slice(0, SHOWN).map((instanceId) => ({ instanceId, ...row }));
  const counted = row.outcome === 'Unfit' ? 'skipped' : 'failed';
  close(context, instanceIds, { [counted]: instanceIds.length, exceptions });
}

/**
 * Tells people: the attention attribute, and the notify hooks. Never fails the workflow, and no instance waits for a
 * hook that does not answer.
 */
export function alert(context: ByTagContext, step: string, reason: string): void {
  const { type, input } = context;
  askForAttention(`${type}: ${step}`);
  const { region, notify: hooks = [] } = input;
  if (hooks.length === 0) return;
  context.tellings.push(
    telling
      .notify({ hooks, step, reason, region })
      .catch((error: unknown) => void context.warnings.push(`nobody could be told: ${messageOf(error)}`)),
  );
}
