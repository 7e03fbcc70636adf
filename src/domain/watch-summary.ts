/** What people read of a watcher in the Web UI's current details. Everything people did not write is escaped. */
import { escapeMarkdown } from './text';
import type { WatchState } from './watch';

/** Waits listed by name; the rest is counted. */
const LISTED = 20;

/** Markdown: how much is waited for, the last tick and its cost, the oldest waits. */
export function watchDetailsOf(state: WatchState): string {
  const { waits, lastTick } = state;
  const last = lastTick
    ? `last look ${lastTick.at}: ${lastTick.waits} looked at, ${lastTick.ended} ended, ${lastTick.calls} calls (${escapeMarkdown(lastTick.how)})`
    : 'not looked yet';
  const lines = waits
    .slice(0, LISTED)
    .map(
      (wait) =>
        `- ${wait.kind} \`${wait.key}\` for \`${wait.waiter.replaceAll('`', "'")}\` since ${new Date(wait.since).toISOString()}`,
    );
  return [
    `**${waits.length === 0 ? 'idle' : `${waits.length} waited for`}** in ${state.region} · ${state.ticks} looks`,
    last + (lastTick?.error ? ` · failed: ${escapeMarkdown(lastTick.error)}` : ''),
    lines.join('\n'),
    ...(waits.length > LISTED ? [`and ${waits.length - LISTED} more`] : []),
  ].join('\n\n');
}
