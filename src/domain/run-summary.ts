/**
 * What people read of a run: the outcome in one word, one sentence, and the Markdown of the Web UI's current details.
 */
import { outcomeOf } from './invocation';
import { OUTCOMES } from './messages';
import type { RunCommandProgress, RunCommandResult } from './messages';
import type { Totals } from './rows';
import type { Sending } from './sending';
import { escapeMarkdown } from './text';

/** What is said where nothing matched and nobody said that this may be. */
export const NO_TARGETS =
  'No instance matches the targets. Nothing was sent; where that is no mistake, give allowEmpty (--allow-empty).';

export function outcomeOfRun(
  totals: Totals,
  end: { cancelled: boolean; refusal?: string; allowEmpty?: boolean },
): RunCommandResult['outcome'] {
  if (end.cancelled) return 'cancelled';
  if (end.refusal !== undefined) return 'failed';
  if (totals.targets === 0) return end.allowEmpty ? 'succeeded' : 'no-targets';
  if (totals.Success === totals.targets) return 'succeeded';
  return totals.Success > 0 ? 'partly-failed' : 'failed';
}

/** One sentence, e.g. `3 of 5 instances succeeded: 1 Failed, 1 Unfit`. */
export function summaryOf(run: {
  outcome: RunCommandResult['outcome'];
  totals: Totals;
  refusal?: string;
  stopped?: string;
  startedBeforeStop: number;
  what: Sending['what'];
}): string {
  const { totals, refusal } = run;
  if (refusal !== undefined) return `The ${run.what} could not be sent: ${refusal}`;
  if (run.outcome === 'no-targets') return NO_TARGETS;
  if (run.outcome === 'succeeded' && totals.targets === 0)
    return 'No instance matches the targets: nothing to do.';
  const others = OUTCOMES.filter((outcome) => outcome !== 'Success' && totals[outcome] > 0);
  const rest =
    others.length > 0 ? `: ${others.map((outcome) => `${totals[outcome]} ${outcome}`).join(', ')}` : '';
  const done = `${totals.Success} of ${totals.targets} instances succeeded${rest}`;
  if (run.outcome !== 'cancelled') return run.stopped === undefined ? done : `${done}; ${run.stopped}`;
  const goesOn = Math.min(run.startedBeforeStop, totals.Unknown);
  const ranOn = goesOn > 0 ? `; the command had already started on ${goesOn} and may run on there` : '';
  return `Cancelled. ${done}${ranOn}`;
}

/** The progress of a run with `Sent` split into what its watcher knows of the run's invocations. */
export function withFinerStates(
  progress: RunCommandProgress,
  known: Record<string, Record<string, number>> = {},
): RunCommandProgress {
  const states = { ...progress.states };
  let sent = states.Sent ?? 0;
  for (const invokeId of progress.invokeIds) {
    const counts = Object.entries(known[invokeId] ?? {}).filter(([status]) => status !== '');
    const instances = counts.reduce((sum, [, count]) => sum + count, 0);
    // Two answers of two moments: what does not fit is not shown.
    if (instances > sent) continue;
    sent -= instances;
    for (const [status, count] of counts) {
      const state = outcomeOf(status) ?? status;
      states[state] = (states[state] ?? 0) + count;
    }
  }
  const { Sent: _, ...others } = states;
  return { ...progress, states: sent > 0 ? { ...others, Sent: sent } : others };
}

/** Markdown for the Web UI. Everything people did not write is escaped. */
export function detailsOf(progress: RunCommandProgress, result?: RunCommandResult): string {
  const states = Object.entries(progress.states).map(([state, count]) => `${escapeMarkdown(state)} ${count}`);
  const lines = [
    `**${result ? result.outcome : progress.phase}** in ${progress.region}${progress.name ? ` · ${escapeMarkdown(progress.name)}` : ''}`,
    progress.targets === undefined ? 'targets: being resolved' : `targets: ${progress.targets}`,
    ...(progress.retryOf === undefined ? [] : [`again, after ${escapeMarkdown(progress.retryOf)}`]),
    ...(states.length > 0 ? [states.join(' · ')] : []),
    ...(progress.stopped === undefined
      ? []
      : [`nothing further starts: ${escapeMarkdown(progress.stopped)}`]),
    ...(result ? [escapeMarkdown(result.summary), `rows: \`${result.resultStore.path}\``] : []),
  ];
  return lines.join('\n\n');
}
