/** What people read of a system event and of a patrol. Everything people did not write is escaped. */
import { stepLines } from './step-lines';
import type { EventOutcome, PatrolState, SystemEventProgress } from './system-event';
import { escapeMarkdown } from './text';

const SENTENCES: Record<EventOutcome, string> = {
  avoided: 'Rebooted in time; the event is Avoided.',
  'executed-by-provider': 'The provider carried the event out.',
  cancelled: 'The provider cancelled the event.',
  skipped: 'Skipped; nothing was done.',
  'instance-released': 'The instance was released before anything was due.',
  'pre-empted': 'Another operation took the instance; nothing further was done.',
  alerted: 'People were told; nothing was done.',
  escalated: 'A step failed and people were told.',
  'not-found': 'ECS knows no such event in this region.',
};

export function summaryOfEvent(
  outcome: EventOutcome,
  progress: SystemEventProgress,
  failure?: { step: string; reason: string },
): string {
  const about = progress.event ? `${progress.event.type} of ${progress.event.instanceId}: ` : '';
  const why = failure ? ` ${failure.step}: ${failure.reason}` : '';
  return `${about}${SENTENCES[outcome]}${why}`;
}

export function eventDetailsOf({ phase, event, plan, outcome, steps }: SystemEventProgress): string {
  const lines = [
    `**${outcome ?? phase}** ${event ? `${escapeMarkdown(event.type)} of \`${event.instanceId}\`, ${event.status}, not before ${event.notBefore}` : ''}`,
  ];
  if (plan)
    lines.push(
      plan.action === 'act'
        ? `acts at ${plan.at} (${escapeMarkdown(plan.reason)})`
        : escapeMarkdown(plan.reason),
    );
  return [...lines, stepLines(steps)].join('\n\n');
}

export function patrolDetailsOf(state: PatrolState): string {
  const { region, known, looks, lastLook, kinds, locked = [], lockLooks = 0, lastLockLook } = state;
  const failed = (error?: string): string => (error ? ` · failed: ${escapeMarkdown(error)}` : '');
  const events = lastLook
    ? `last look ${lastLook.at}: ${lastLook.open} open, ${lastLook.started} new, ${lastLook.changed} changed${failed(lastLook.error)}`
    : 'not looked yet';
  const reclaims = lastLockLook
    ? `last look ${lastLockLook.at}: ${lastLockLook.locked} locked, ${lastLockLook.started} new${failed(lastLockLook.error)}`
    : 'not looked yet';
  return [
    ...(kinds?.includes('events') === false
      ? []
      : [`**${known.length} open events** in ${region} · ${looks} looks`, events]),
    ...(kinds?.includes('reclaims') === false
      ? []
      : [`**${locked.length} spot instances being taken back** · ${lockLooks} looks`, reclaims]),
  ].join('\n\n');
}
