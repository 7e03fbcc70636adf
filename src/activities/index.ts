/** All activities of a worker, from their few real dependencies. */
import type { EcsClient } from '../ecs/client';
import type { ResultStore } from '../results/store';
import { beating } from './beating';
import { createCheckActivities } from './check-input';
import type { CheckActivities } from './check-input';
import { createRunCommandActivities } from './run-command';
import type { RunCommandActivities } from './run-command';
import type { Waits } from './waits';
import { createWatchActivities } from './watch';
import type { WatchActivities } from './watch';

export interface Dependencies {
  ecs: EcsClient;
  store: ResultStore;
  waits: Waits;
}

export type Activities = RunCommandActivities & WatchActivities & CheckActivities;

export function createActivities({ ecs, store, waits }: Dependencies): Activities {
  return beating({
    ...createCheckActivities(),
    ...createRunCommandActivities(ecs, store, waits),
    ...createWatchActivities(ecs, waits),
  });
}
