/** What the parts of `handleSystemEvent` share: its state, its log of steps, its alerts and its small commands. */
import { executeChild, setCurrentDetails, workflowInfo } from '@temporalio/workflow';
import { HANDLE_SYSTEM_EVENT } from '../domain/event-messages';
import { eventDetailsOf } from '../domain/event-summary';
import type { CommandType, RunCommandResult } from '../domain/messages';
import type { EventPolicy } from '../domain/policy';
import type { EventInstance, EventOutcome, EventPhase, SystemEventProgress } from '../domain/system-event';
import { runCommand } from './run-command';
import { telling } from './proxies';
import type { GateLease } from './gate-lease';
import type { Hints } from './waiting';
import { messageOf } from './failure-text';
import { askForAttention } from './search-attributes';

export interface EventContext {
  readonly hints: Hints;
  readonly lease: GateLease;
  readonly progress: SystemEventProgress;
  instance?: EventInstance;
  policy?: EventPolicy;
  /** RebootInstance calls that ECS accepted or may have accepted. */
  reboots: number;
  failure?: { step: string; reason: string };
  /** The step `StewardAttention` names now. */
  attention?: string;
  /** Notify hooks that are being told; nothing waits for them but the end. */
  readonly tellings: Promise<void>[];
  /** What people said by updates, and the patrol by its signal. `changed`: read the event again. */
  readonly said: { at?: string; skip?: string; now: boolean; approved: boolean; changed: boolean };
  readonly startedAt: string;
}

export function enter(context: EventContext, phase: EventPhase): void {
  context.progress.phase = phase;
  setCurrentDetails(eventDetailsOf(context.progress));
}

export function note(context: EventContext, step: string, ok: boolean, detail: string): void {
  context.progress.steps.push({ at: new Date().toISOString(), step, ok, detail });
  setCurrentDetails(eventDetailsOf(context.progress));
}

/**
 * Tells people: the attention attribute, and the policy's notify hooks. Never fails the workflow, and nothing waits for
 * a hook that does not answer.
 */
export function alert(context: EventContext, step: string, reason: string): void {
  context.attention = step;
  askForAttention(`${HANDLE_SYSTEM_EVENT}: ${step}`);
  note(context, 'alert', true, `${step}: ${reason}`);
  const { region, event, plan } = context.progress;
  const hooks = context.policy?.notify ?? [];
  if (!event || hooks.length === 0) return;
  context.tellings.push(
    telling
      .notify({ hooks, step, reason, region, event, plan })
      .catch((error: unknown) => note(context, 'notify', false, messageOf(error))),
  );
}

/** Nobody is wanted any more; with `step`, where it was for that. */
export function calm(context: EventContext, step = context.attention): void {
  if (context.attention === undefined || context.attention !== step) return;
  context.attention = undefined;
  askForAttention(null);
}

/** The handler goes on to watch the event, but has nothing more to do for it. */
export function escalate(context: EventContext, step: string, reason: string): void {
  context.failure = { step, reason };
  decide(context, 'escalated');
  alert(context, step, reason);
}

export function decide(context: EventContext, outcome: EventOutcome): void {
  context.progress.outcome = outcome;
}

/** A command on the instance, by a child run of its own; its result is a result, whatever it is. */
export async function runOnInstance(
  context: EventContext,
  step: string,
  command: { content: string; timeoutSeconds?: number; type?: CommandType },
): Promise<RunCommandResult> {
  const { instance } = context;
  const type = instance?.osType === 'windows' ? 'RunPowerShellScript' : 'RunShellScript';
  const { workflowId } = workflowInfo();
  return executeChild(runCommand, {
    workflowId: `${workflowId}/${step}`,
    args: [
      {
        region: context.progress.region,
        targets: { instanceIds: [instance?.instanceId ?? ''] },
        command: { type, ...command },
        name: step,
      },
    ],
    staticSummary: `${step} for ${context.progress.event?.eventId ?? ''}`,
  });
}
