/**
 * `rebootForAgent`: one instance rebooted for the agent that was installed on it, under the region's gate.
 *
 * Promise: RebootInstance takes effect at most once. Its witness is the agent itself: one that was not there can only be
 * heard of after the boot. Where the answer was lost and the agent had been there before, that is `Unknown`, never a
 * second call.
 * Cancel: before the call nothing is done; after it, what is known by then is told.
 */
import {
  CancellationScope,
  condition,
  defineQuery,
  defineSignal,
  isCancellation,
  setHandler,
  sleep,
} from '@temporalio/workflow';
import type { RebootAnswer } from '../activities/system-events';
import { REBOOT_FOR_AGENT } from '../domain/agents';
import type { AgentRow, InstallRow, RebootForAgentInput } from '../domain/agents';
import { instanceGateKey } from '../domain/gate';
import { PROGRESS_QUERY } from '../domain/messages';
import { GateLease } from './gate-lease';
import { refuseBadInput } from './input';
import { lookingAtAgent } from './proxies';
import { OLD_BOOT_MAY_ANSWER_MS, callReboot } from './reboot-call';
import { Hints } from './waiting';
import { noteOperation } from './search-attributes';

/** From who started it: whatever has not been rebooted yet is not to be. */
export const standDownSignal = defineSignal('standDown');

const DEFAULT_WITHIN_SECONDS = 600;
/** After a hint that was none. */
const LOOK_AGAIN_MS = 15_000;

interface Progress {
  phase: 'gate' | 'rebooting' | 'waiting' | 'done';
  instanceId: string;
}

interface Reboot {
  readonly input: RebootForAgentInput;
  readonly progress: Progress;
  readonly lease: GateLease;
  readonly hints: Hints;
  /** Why no reboot is to be begun. */
  readonly given: () => string | undefined;
  readonly cancelled: () => boolean;
}

export async function rebootForAgent(input: RebootForAgentInput): Promise<InstallRow> {
  const lease = new GateLease();
  const hints = new Hints();
  const progress: Progress = { phase: 'gate', instanceId: input?.instanceId ?? '' };
  const scope = CancellationScope.current();
  const cancelled = (): boolean => scope.consideredCancelled;
  let stoodDown = false;
  setHandler(standDownSignal, () => void (stoodDown = true));
  setHandler(defineQuery<Progress>(PROGRESS_QUERY), () => progress);
  await refuseBadInput(REBOOT_FOR_AGENT, input);
  const { region, instanceId } = input;
  noteOperation(REBOOT_FOR_AGENT, { region, instanceIds: [instanceId] });
  const given = (): string | undefined => {
    if (cancelled()) return 'cancelled before its reboot';
    if (lease.preemptedBy !== undefined) return `${lease.preemptedBy} took the instance`;
    return stoodDown ? 'the run stopped before its reboot' : undefined;
  };
  try {
    const keys = [instanceGateKey(instanceId)];
    await lease.acquire({ region, purpose: 'reboot', keys, interrupt: () => stoodDown });
  } catch (error) {
    if (!isCancellation(error)) throw error;
  }
  const reboot: Reboot = { input, progress, lease, hints, given, cancelled };
  try {
    return await CancellationScope.nonCancellable(() => rebootAndWait(reboot));
  } finally {
    progress.phase = 'done';
    await lease.release();
  }
}

async function rebootAndWait(reboot: Reboot): Promise<InstallRow> {
  const { input, progress, given } = reboot;
  const { instanceId } = input;
  const left = (reason: string): InstallRow => ({ instanceId, outcome: 'NeedsReboot', reason });
  const before = given() === undefined ? await read(input) : undefined;
  const reason = given();
  if (!before || reason !== undefined) return left(reason ?? '');
  if (before.instanceStatus === '') return { instanceId, outcome: 'Failed', reason: before.reason };
  if (before.alive && !input.force) return { instanceId, outcome: 'AlreadyRunning', version: before.version };
  if (before.instanceStatus !== 'Running')
    return left(`the instance is ${before.instanceStatus}; the agent works from its next start on`);
  progress.phase = 'rebooting';
  let calledAt = Date.now();
  const tooLate = (): string | undefined => {
    calledAt = Date.now();
    return given();
  };
  const hooks = { tooLate, standsDown: () => false, noted: () => undefined };
  const answer = await callReboot({ region: input.region, instanceId }, hooks);
  if (!answer || answer.answer === 'refused') return refused(reboot, answer?.detail ?? '');
  const rebootedAt = new Date(calledAt).toISOString();
  return { ...(await waitForAgent(reboot, { before, answer, calledAt })), rebootedAt };
}

/** Nothing was done: because we gave it up, or because ECS said no. */
function refused({ input, given }: Reboot, detail: string): InstallRow {
  const reason = given();
  const { instanceId } = input;
  return reason === undefined
    ? { instanceId, outcome: 'Failed', reason: `not rebooted: ${detail}` }
    : { instanceId, outcome: 'NeedsReboot', reason };
}

interface Called {
  before: AgentRow;
  answer: RebootAnswer;
  calledAt: number;
}

/** Waits until the agent has been heard of by the new boot, and says what is known then. */
async function waitForAgent(reboot: Reboot, called: Called): Promise<InstallRow> {
  const { input, progress, hints, cancelled } = reboot;
  const { region, instanceId: key, withinSeconds = DEFAULT_WITHIN_SECONDS } = input;
  progress.phase = 'waiting';
  // An agent that was there before may speak for the old boot for a while.
  const since = called.calledAt + (called.before.alive ? OLD_BOOT_MAY_ANSWER_MS : 0);
  const deadline = since + withinSeconds * 1_000;
  if (since > Date.now()) await condition(cancelled, since - Date.now());
  for (;;) {
    const withinMs = deadline - Date.now();
    const end = cancelled()
      ? 'interrupted'
      : await hints.wait({ region, kind: 'agent', key, since, withinMs, interrupt: cancelled });
    const after = await read(input);
    const heard = after.alive && Date.parse(after.lastHeartbeatAt) > since;
    if (heard || end !== 'over' || after.instanceStatus === '')
      return rowOf(reboot, called, { after, heard });
    await sleep(LOOK_AGAIN_MS, { summary: 'not heard of yet' });
  }
}

function rowOf(
  { input, cancelled }: Reboot,
  { before, answer }: Called,
  { after, heard }: { after: AgentRow; heard: boolean },
): InstallRow {
  const { instanceId, withinSeconds = DEFAULT_WITHIN_SECONDS } = input;
  const lost = answer.answer === 'unknown';
  const unknown = (reason: string): InstallRow => ({ instanceId, outcome: 'Unknown', reason });
  if (heard && !(lost && before.alive)) return { instanceId, outcome: 'Installed', version: after.version };
  if (heard)
    return unknown(
      `RebootInstance got no answer (${answer.detail}); the agent answers, as it did before, so it cannot be told whether the instance was rebooted`,
    );
  const silent = after.reason ?? 'its agent was not heard of since';
  if (lost)
    return unknown(`RebootInstance got no answer (${answer.detail}), and the agent does not: ${silent}`);
  if (cancelled()) return unknown('rebooted; cancelled before its agent was heard of');
  return {
    instanceId,
    outcome: 'Failed',
    reason: `rebooted, but its agent was not heard of within ${Math.round(withinSeconds / 60)} min: ${silent}`,
  };
}

function read({ region, instanceId }: RebootForAgentInput): Promise<AgentRow> {
  return lookingAtAgent.readAgent({ region, instanceId });
}
