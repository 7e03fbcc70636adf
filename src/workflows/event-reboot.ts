/**
 * The reboot with its witness, and the proof that the instance is well again.
 *
 * The one rule: whether a reboot happened is known by the boot id before and after, never by an answer alone, and
 * never by Status=Running, which may be the old boot. An answer that was lost is settled by looking; only where the
 * boot id proves that nothing happened is RebootInstance called once more.
 */
import { sleep } from '@temporalio/workflow';
import { tooLateToAct } from '../domain/event-times';
import { enter, escalate, note, runOnInstance } from './event-context';
import { messageOf } from './failure-text';
import type { EventContext } from './event-context';
import { standsDown } from './event-gate';
import type { RebootAnswer } from '../activities/system-events';
import { knocking, readingEvents } from './proxies';
import { OLD_BOOT_MAY_ANSWER_MS, callReboot } from './reboot-call';

/** RebootInstance calls that may have taken effect, at most: the first, and one more where the first proved to be none. */
const MOST_REBOOTS = 2;
/** Between two health checks, at first; later a twentieth of the time since the reboot: a day's wait stays small. */
const HEALTH_GAP_MS = 15_000;

const BOOT_ID = {
  linux: 'cat /proc/sys/kernel/random/boot_id',
  windows: '(Get-CimInstance Win32_OperatingSystem).LastBootUpTime.Ticks',
};

/** @returns true when the instance was rebooted and is well; otherwise the event is escalated, or we stood down. */
export async function rebootAndCheck(context: EventContext): Promise<boolean> {
  enter(context, 'rebooting');
  const { bootId: before, why } = await readBootId(context, 'witness');
  note(context, 'witness', why === '', why === '' ? `boot id ${before}` : `no boot id: ${why}`);
  for (let round = 1; round <= MOST_REBOOTS; round += 1) {
    const since = Date.now();
    const answer = standsDown(context) ? undefined : await reboot(context);
    if (answer === undefined) return false;
    if (answer.answer === 'refused') {
      escalate(context, 'reboot', answer.detail);
      return false;
    }
    context.reboots += 1;
    const lost = answer.answer === 'unknown';
    const verdict = await settle(context, { before, since, round, lost });
    if (verdict !== 'not-rebooted') return verdict === 'rebooted';
    context.reboots -= 1;
    note(context, 'reboot', false, 'the boot id proves that the lost call did nothing; once more');
  }
  escalate(context, 'reboot', 'RebootInstance got no answer twice, and the instance did not reboot');
  return false;
}

function reboot(context: EventContext): Promise<RebootAnswer | undefined> {
  const { region, event } = context.progress;
  return callReboot(
    { region, instanceId: event?.instanceId ?? '' },
    {
      tooLate: () => event && tooLateToAct(event, Date.now()),
      standsDown: () => standsDown(context),
      noted: ({ answer, detail }) => note(context, 'reboot', answer === 'accepted', detail),
    },
  );
}

/** Waits for the agent, compares boot ids, then checks health until it is good or time is up. */
async function settle(
  context: EventContext,
  seen: { before?: string; since: number; round: number; lost: boolean },
): Promise<'rebooted' | 'not-rebooted' | 'unwell'> {
  enter(context, 'checking');
  const { region, event } = context.progress;
  const withinMs = context.policy?.healthWithinMs ?? 600_000;
  const deadline = seen.since + withinMs;
  const agent = { region, kind: 'agent', key: event?.instanceId ?? '', since: seen.since, withinMs } as const;
  const interrupt = (): boolean => context.lease.preemptedBy !== undefined;
  const back = await context.hints.wait({ ...agent, interrupt });
  if (standsDown(context)) return 'unwell';
  if (back === 'deadline') {
    escalate(
      context,
      'agent',
      `no heartbeat of the agent within ${Math.round(withinMs / 60_000)} min of the reboot`,
    );
    return 'unwell';
  }
  for (let check = 1; ; check += 1) {
    const why = await checkOnce(context, { ...seen, check });
    if (standsDown(context)) return 'unwell';
    if (why === '') {
      note(context, 'health', true, 'rebooted and well');
      return 'rebooted';
    }
    const proven = why === SAME_BOOT && Date.now() - seen.since > OLD_BOOT_MAY_ANSWER_MS;
    if (proven && seen.lost && seen.round < MOST_REBOOTS) return 'not-rebooted';
    const gap = Math.max(HEALTH_GAP_MS, (Date.now() - seen.since) / 20);
    if (Date.now() + gap > deadline) {
      escalate(context, 'health', why);
      return 'unwell';
    }
    await sleep(gap, { summary: why });
  }
}

const SAME_BOOT = 'the boot id is the old one: the instance has not rebooted';

/** @returns why the instance is not well, or `''` */
async function checkOnce(
  context: EventContext,
  seen: { before?: string; round: number; check: number },
): Promise<string> {
  const { region, event } = context.progress;
  const status = await readingEvents.readInstanceStatus({ region, instanceId: event?.instanceId ?? '' });
  if (status !== 'Running') return status === '' ? 'the instance is gone' : `the instance is ${status}`;
  const id = `${seen.round}.${seen.check}`;
  const now = await readBootId(context, `boot-id-${id}`);
  if (now.why !== '') return `the agent does not answer a command: ${now.why}`;
  if (now.bootId === seen.before) return SAME_BOOT;
  const { health } = context.policy ?? {};
  if (health?.command !== undefined) {
    const run = await runOnInstance(context, `health-${id}`, {
      content: health.command,
      timeoutSeconds: health.timeoutSeconds,
    });
    if (run.outcome !== 'succeeded') return `health command: ${run.rows[0]?.reason ?? run.summary}`;
  }
  return knockAll(context);
}

async function knockAll(context: EventContext): Promise<string> {
  const { health } = context.policy ?? {};
  const address = context.instance?.addresses[0];
  for (const knock of [health?.tcp, health?.http]) {
    if (!knock) continue;
    if (address === undefined) return 'the instance lists no address to check';
    const why = await knocking.knock({ address, ...knock }).catch(messageOf);
    if (why !== '') return `port ${knock.port}: ${why}`;
  }
  return '';
}

/** The boot id, or `why` there is none. */
async function readBootId(context: EventContext, step: string): Promise<{ bootId?: string; why: string }> {
  const content = context.instance?.osType === 'windows' ? BOOT_ID.windows : BOOT_ID.linux;
  const { rows, summary } = await runOnInstance(context, step, { content, timeoutSeconds: 30 });
  const [row] = rows;
  return row?.outcome === 'Success' ? { bootId: row.firstLine, why: '' } : { why: row?.reason ?? summary };
}
