/**
 * The activity that stands behind a wait of any kind: it registers the wait with the region's watcher and looks for
 * itself now and then, which finds what a lost signal would have told and revives a dead watcher.
 */
import { randomUUID } from 'node:crypto';
import { activityInfo } from '@temporalio/activity';
import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import type { EcsClient } from '../ecs/client';
import { lookGapMs } from '../domain/waiting';
import type { WaitKind, WaitRegistration } from '../domain/watch';
import { atBoundary } from './failures';
import { WAIT_KINDS } from './wait-kinds';
import type { Waits } from './waits';

export interface WaitingActivities {
  /** Ends when what is waited for is over; until then every attempt fails BENIGN. `since`: epoch milliseconds. */
  lookUntilOver(request: { region: string; kind: WaitKind; key: string; since: number }): Promise<void>;
}

export function createWaitingActivities(ecs: EcsClient, waits: Waits): WaitingActivities {
  return {
    lookUntilOver: ({ region, kind, key, since }) =>
      atBoundary(async () => {
        const { attempt, currentAttemptScheduledTimestampMs: now, workflowExecution } = activityInfo();
        const waiter = workflowExecution?.workflowId ?? '';
        const registration: WaitRegistration = { kind, key, waiter, generation: randomUUID(), since };
        if (attempt > 1) {
          const look = await WAIT_KINDS[kind]({
            ecs,
            region,
            waits: [{ ...registration, seen: true }],
            memory: {},
            now,
          });
          if (look.ended.has(key)) return;
        }
        await waits.register(region, [registration]);
        const gap = lookGapMs(now - since);
        throw ApplicationFailure.create({
          type: 'NotYet',
          message: `${kind} ${key} is not over; looking again in ${gap / 1000} s`,
          nextRetryDelay: gap,
          category: ApplicationFailureCategory.BENIGN,
        });
      }),
  };
}
