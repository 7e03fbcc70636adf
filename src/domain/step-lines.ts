/** The steps of an operation as its page in the Web UI shows them. */
import type { EventStep } from './system-event';
import { escapeMarkdown } from './text';

/** Steps shown in the Web UI; the rest is in the result. */
const SHOWN_STEPS = 12;

/** The last steps as a Markdown list. */
export function stepLines(steps: readonly EventStep[]): string {
  return steps
    .slice(-SHOWN_STEPS)
    .map(
      (step) =>
        `- ${step.at} ${step.ok ? '✓' : '✗'} ${escapeMarkdown(step.step)}: ${escapeMarkdown(step.detail)}`,
    )
    .join('\n');
}
