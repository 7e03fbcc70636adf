/**
 * Activities of `handleSystemEvent`: read the event with its plan, reboot, snapshot, knock, tell people. Thin: when and
 * whether is decided in src/domain and in the workflow.
 *
 * The one rule: RebootInstance takes no ClientToken, so an attempt that may be the second one never calls it; it answers
 * "unknown" and the workflow settles it by looking.
 */
import { connect } from 'node:net';
import { activityInfo } from '@temporalio/activity';
import type { EcsClient } from '../ecs/client';
import { EcsError } from '../ecs/errors';
import { planEvent } from '../domain/event-plan';
import type { EventPlan } from '../domain/event-plan';
import { policyFor } from '../domain/policy';
import type { EventPolicy, PolicyFile } from '../domain/policy';
import type { EventInstance, SystemEvent } from '../domain/system-event';
import { atBoundary } from './failures';

/** What is known of an event now. The policy is the one it is planned with; it travels with the workflow. */
export interface EventReading {
  /** Absent where ECS knows no such event. */
  event?: SystemEvent;
  /** Absent where the instance is gone. */
  instance?: EventInstance;
  policy?: EventPolicy;
  plan?: EventPlan;
}

/**
 * accepted: ECS said yes. refused: ECS said no, for good or for this state of the instance. later: ECS did nothing and
 * asks to come again in `retryAfterMs`. unknown: it may or may not have taken effect.
 */
export interface RebootAnswer {
  answer: 'accepted' | 'refused' | 'later' | 'unknown';
  detail: string;
  retryAfterMs?: number;
}

export interface SystemEventActivities {
  readEvent(request: { region: string; eventId: string; policy?: EventPolicy }): Promise<EventReading>;
  rebootInstance(request: { region: string; instanceId: string }): Promise<RebootAnswer>;
  /** Instance status by name; `''` where it is gone. */
  readInstanceStatus(request: { region: string; instanceId: string }): Promise<string>;
  listDisks(request: { region: string; instanceId: string }): Promise<string[]>;
  createSnapshot(request: {
    region: string;
    diskId: string;
    name: string;
    clientToken: string;
  }): Promise<string>;
  /** progressing, accomplished, failed, or `''` where it is not listed. */
  readSnapshot(request: { region: string; snapshotId: string }): Promise<string>;
  /** Opens a TCP connection, and asks for `path` by HTTP where it is given. @returns why it failed, or `''` */
  knock(request: { address: string; port: number; path?: string }): Promise<string>;
}

const KNOCK_TIMEOUT_MS = 5_000;

export function createSystemEventActivities(ecs: EcsClient, policies: PolicyFile): SystemEventActivities {
  return {
    readEvent: ({ region, eventId, policy: carried }) =>
      atBoundary(async () => {
        const [event] = await ecs.describeEvents(region, [eventId]);
        if (!event) return {};
        const instance = await ecs.describeEventInstance(region, event.instanceId);
        if (!instance) return { event };
        const policy =
          carried ??
          policyFor(policies, { type: event.type, instanceId: event.instanceId, tags: instance.tags });
        const plan = planEvent({ event, policy, now: activityInfo().currentAttemptScheduledTimestampMs });
        return { event, instance, policy, plan };
      }),

    rebootInstance: async ({ region, instanceId }) => {
      if (activityInfo().attempt > 1)
        return { answer: 'unknown', detail: 'the worker that called RebootInstance was lost' };
      try {
        await ecs.rebootInstance(region, instanceId);
        return { answer: 'accepted', detail: 'RebootInstance was accepted' };
      } catch (error) {
        if (!(error instanceof EcsError)) throw error;
        return rebootAnswer(error);
      }
    },

    readInstanceStatus: ({ region, instanceId }) =>
      atBoundary(async () => (await ecs.describeEventInstance(region, instanceId))?.status ?? ''),

    listDisks: ({ region, instanceId }) => atBoundary(() => ecs.listDiskIds(region, instanceId)),

    createSnapshot: (request) => atBoundary(() => ecs.createSnapshot(request)),

    readSnapshot: ({ region, snapshotId }) =>
      atBoundary(async () => (await ecs.describeSnapshots(region, [snapshotId])).get(snapshotId) ?? ''),

    knock: async ({ address, port, path }) =>
      path === undefined ? openTcp(address, port) : getHttp(`http://${host(address)}:${port}${path}`),
  };
}

function rebootAnswer(error: EcsError): RebootAnswer {
  if (!error.effectExcluded) return { answer: 'unknown', detail: error.message };
  if (error.kind !== 'retry') return { answer: 'refused', detail: error.message };
  return { answer: 'later', detail: error.message, retryAfterMs: error.retryAfterMs ?? 10_000 };
}

function host(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}

function openTcp(address: string, port: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port, timeout: KNOCK_TIMEOUT_MS });
    const end = (why: string): void => {
      socket.destroy();
      resolve(why);
    };
    socket.once('connect', () => end(''));
    socket.once('timeout', () => end(`no answer within ${KNOCK_TIMEOUT_MS / 1000} s`));
    socket.once('error', (error) => end(error.message));
  });
}

async function getHttp(url: string): Promise<string> {
  try {
    const answer = await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(KNOCK_TIMEOUT_MS) });
    await answer.body?.cancel();
    return answer.status >= 200 && answer.status < 400 ? '' : `HTTP ${answer.status}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
