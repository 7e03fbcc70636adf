/**
 * The gate before an event's work: nobody else of ours disturbs the instance meanwhile, and no more of its group are
 * worked on at once than the policy says.
 *
 * The one rule: held from before the first hook until after the last one: hooks drain and prepare, so an instance is
 * out of service from then on, whether it reboots yet or not.
 */
import { condition } from '@temporalio/workflow';
import { gateWaitsUntil } from '../domain/event-times';
import { groupGateKey, instanceGateKey } from '../domain/gate';
import type { GateKey } from '../domain/gate';
import type { HandleSystemEventInput } from '../domain/system-event';
import { decide, enter, escalate, note } from './event-context';
import type { EventContext } from './event-context';
import { isOver, read } from './event-hold';

/** Where the policy says to act without its group: how long for the instance alone. */
const ALONE_WITHIN_MS = 60_000;

/**
 * Waits for its turn, no longer than the moment it was held for is good. @returns `again`: hold anew, something was
 * said or the moment has passed; `no`: there was no turn before the provider's, and people were told
 */
export async function passGate(
  context: EventContext,
  input: HandleSystemEventInput,
): Promise<'granted' | 'again' | 'no'> {
  enter(context, 'gate');
  const instance = [instanceGateKey(context.instance?.instanceId ?? '')];
  const group = groupKeys(context);
  const { until, last } = turnEnds(context);
  const end = await waitForTurn(context, input, [...instance, ...group], until);
  if (end === 'granted') return granted(context, [...instance, ...group]);
  if (end === 'interrupted') return 'again';
  if (!last) {
    note(context, 'gate', false, `no turn until ${new Date(until).toISOString()}; planned again`);
    await read(context, input);
    return 'again';
  }
  if (group.length > 0 && context.policy?.limit?.otherwise === 'act') {
    note(context, 'gate', false, 'its group was busy to the last; goes on without the limit');
    const alone = await waitForTurn(context, input, instance, Date.now() + ALONE_WITHIN_MS);
    if (alone === 'granted') return granted(context, instance);
    if (alone === 'interrupted') return 'again';
  }
  const group_ = group.length > 0 ? ', or its group is busy' : '';
  escalate(context, 'gate', `another operation of ours holds the instance${group_}; no turn in time`);
  return 'no';
}

/** A pre-emption: who took the instance matters more. Nothing further is done to it. */
export function standsDown(context: EventContext): boolean {
  const by = context.lease.preemptedBy;
  if (by === undefined) return false;
  if (context.progress.outcome !== 'pre-empted') {
    decide(context, 'pre-empted');
    note(context, 'gate', false, `stands down: ${by} took the instance`);
  }
  return true;
}

function granted(context: EventContext, keys: GateKey[]): 'granted' {
  note(context, 'gate', true, keys.map(({ key }) => key).join(', '));
  return 'granted';
}

/** Keeps its place while the event is read anew; gives it up where that leaves nothing to be done now. */
async function waitForTurn(
  context: EventContext,
  input: HandleSystemEventInput,
  keys: GateKey[],
  until: number,
): Promise<'granted' | 'interrupted' | 'deadline'> {
  const { said, lease } = context;
  let waiting = true;
  let givesUp = false;
  const follow = async (): Promise<void> => {
    for (;;) {
      await condition(() => said.changed || !waiting);
      if (!waiting) return;
      await read(context, input);
      const postponed = said.at !== undefined && Date.parse(said.at) > Date.now();
      givesUp = isOver(context) || said.skip !== undefined || postponed || turnEnds(context).latest < until;
    }
  };
  const following = follow();
  // A cancel rejects it while the request is still being withdrawn; unhandled, that would fail the workflow task for ever.
  following.catch(() => undefined);
  const asked = { region: input.region, purpose: 'reboot', keys } as const;
  const end = await lease
    .acquire({ ...asked, withinMs: until - Date.now(), interrupt: () => givesUp })
    .finally(() => (waiting = false));
  try {
    await following;
  } catch (error) {
    // Cancelled while it read: what was granted meanwhile is given back.
    await lease.release();
    throw error;
  }
  return end;
}

function groupKeys({ policy, instance }: EventContext): GateKey[] {
  const { limit } = policy ?? {};
  const tag = instance?.tags.find(({ key }) => key === limit?.tag);
  return limit && tag ? [groupGateKey(tag.key, tag.value, limit.atOnce)] : [];
}

function turnEnds({ said, policy, progress }: EventContext): ReturnType<typeof gateWaitsUntil> {
  const { event, plan } = progress;
  return gateWaitsUntil({ notBefore: event?.notBefore ?? '', said, plan, policy, now: Date.now() });
}
