/** What people read of a rescue. Everything people did not write is escaped. */
import type { RelaunchSpotResult, SpotOutcome, SpotProgress } from './spot-messages';
import { stepLines } from './step-lines';
import { escapeMarkdown } from './text';

const SENTENCES: Record<SpotOutcome, string> = {
  relaunched: 'A replacement runs and is well.',
  withdrawn: 'The reclaim was withdrawn; the instance stays as it was.',
  'stopped-not-released':
    'The instance was stopped and not released; it can be started when there is room for it.',
  'not-locked': 'Nobody takes this instance back; nothing was done.',
  'not-found': 'There is no such instance (any more); nothing could be done.',
  'saved-not-launched': 'A copy is there, but no place to launch a replacement was found in time.',
  escalated: 'A step failed and people were told.',
};

/** One or two sentences with what was lost. */
export function summaryOfRescue(
  result: Pick<
    RelaunchSpotResult,
    'outcome' | 'instanceId' | 'replacementId' | 'saved' | 'step' | 'reason' | 'notice'
  >,
): string {
  const { outcome, instanceId, replacementId, saved, step, reason, notice } = result;
  const heir = replacementId === undefined ? '' : ` ${replacementId} replaces it.`;
  const isLost = notice === 'released' && saved !== undefined;
  const lost = isLost ? ` By ${saved.rung}; lost: ${saved.lost}.` : '';
  const both =
    outcome === 'relaunched' && (notice === 'withdrawn' || notice === 'held')
      ? ' The instance itself still runs: the reclaim was withdrawn too late.'
      : '';
  const why = step === undefined ? '' : ` ${step}: ${reason ?? ''}`;
  return `${instanceId}: ${SENTENCES[outcome]}${heir}${lost}${both}${why}`;
}

export function rescueDetailsOf(progress: SpotProgress): string {
  const { phase, outcome, instanceId, notice, saved, replacementId, steps } = progress;
  const lines = [`**${outcome ?? phase}** \`${instanceId}\`, notice ${notice}`];
  if (saved) lines.push(`saved by ${saved.rung}; lost: ${escapeMarkdown(saved.lost)}`);
  if (replacementId !== undefined) lines.push(`replacement \`${replacementId}\``);
  return [...lines, stepLines(steps)].join('\n\n');
}
