/** All activities of a worker, from their few real dependencies. */
import type { EcsClient } from '../ecs/client';
import type { PolicyFile } from '../domain/policy';
import type { Meter } from '../results/meter';
import type { ResultStore } from '../results/store';
import { beating } from './beating';
import { createAgentActivities } from './agents';
import type { AgentActivities } from './agents';
import { createByTagActivities } from './by-tag';
import type { ByTagActivities } from './by-tag';
import { createCheckActivities } from './check-input';
import type { CheckActivities } from './check-input';
import { createEventReportActivities } from './event-reports';
import type { EventReportActivities } from './event-reports';
import { createGateActivities } from './gate';
import type { GateActivities, Gates } from './gate';
import { createHoursActivities } from './hours';
import type { HoursActivities } from './hours';
import type { HoursPort } from './hours-port';
import { createHookActivities } from './hooks';
import type { Caller, HookActivities } from './hooks';
import { createPatrolActivities } from './patrol';
import type { EventHandlers, PatrolActivities } from './patrol';
import { createPreviewActivities } from './preview';
import type { PreviewActivities } from './preview';
import { createSavedCommandActivities } from './saved-commands';
import type { SavedCommandActivities } from './saved-commands';
import { createRunCommandActivities } from './run-command';
import type { RunCommandActivities } from './run-command';
import { createSpotLaunchActivities } from './spot-launch';
import type { SpotLaunchActivities } from './spot-launch';
import { createSpotReportActivities } from './spot-report';
import type { SpotReportActivities, SpotRescues } from './spot-report';
import { createSpotReadActivities } from './spot-read';
import type { SpotReadActivities } from './spot-read';
import { createSpotSaveActivities } from './spot-save';
import type { SpotSaveActivities } from './spot-save';
import { createSystemEventActivities } from './system-events';
import type { SystemEventActivities } from './system-events';
import { createTimedLookActivities } from './timed-looks';
import type { TimedLookActivities } from './timed-looks';
import { createTimedStartActivities } from './timed-start';
import type { TimedStartActivities } from './timed-start';
import { createWaitingActivities } from './waiting';
import type { WaitingActivities } from './waiting';
import type { Waits } from './waits';
import { createWatchActivities } from './watch';
import type { WatchActivities } from './watch';

export interface Dependencies {
  ecs: EcsClient;
  store: ResultStore;
  waits: Waits;
  handlers: EventHandlers;
  rescues: SpotRescues;
  gates: Gates;
  hours: HoursPort;
  meter: Meter;
  account: string;
  policies: PolicyFile;
  callWebhook: Caller;
  /** The value of a variable of the worker that a policy names. */
  secretOf: (name: string) => string | undefined;
}

export type Activities = CheckActivities &
  RunCommandActivities &
  PreviewActivities &
  AgentActivities &
  SavedCommandActivities &
  TimedStartActivities &
  TimedLookActivities &
  WatchActivities &
  WaitingActivities &
  SystemEventActivities &
  HookActivities &
  EventReportActivities &
  GateActivities &
  SpotReadActivities &
  SpotSaveActivities &
  SpotLaunchActivities &
  SpotReportActivities &
  PatrolActivities &
  ByTagActivities &
  HoursActivities;

export function createActivities(parts: Dependencies): Activities {
  const { ecs, store, waits, handlers, gates, policies } = parts;
  return beating({
    ...createCheckActivities(),
    ...createRunCommandActivities(ecs, store),
    ...createPreviewActivities(ecs),
    ...createAgentActivities(ecs, store),
    ...createSavedCommandActivities(ecs),
    ...createTimedStartActivities(ecs, store),
    ...createTimedLookActivities(ecs, store),
    ...createByTagActivities(ecs, parts),
    ...createHoursActivities(ecs, parts),
    ...createWatchActivities(ecs, waits),
    ...createWaitingActivities(ecs, waits),
    ...createSystemEventActivities(ecs, policies),
    ...createHookActivities(policies, parts.account, parts.callWebhook),
    ...createPatrolActivities(ecs, handlers),
    ...createEventReportActivities(ecs, handlers, policies),
    ...createGateActivities(gates),
    ...createSpotReadActivities(ecs, policies),
    ...createSpotSaveActivities(ecs),
    ...createSpotLaunchActivities(ecs, parts.secretOf),
    ...createSpotReportActivities(ecs, policies, parts.rescues),
  });
}
