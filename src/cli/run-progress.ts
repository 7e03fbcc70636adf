/**
 * The progress of a run as people see it: what the run itself answers, made finer by what its region's watcher knows.
 *
 * The one rule: the watcher's part is an extra. Where it cannot be had, the run's own answer is shown.
 */
import { runCommandProgress } from '../client';
import { PROGRESS_QUERY, watchIdOf } from '../domain/messages';
import type { RunCommandProgress } from '../domain/messages';
import { withFinerStates } from '../domain/run-summary';
import type { WatchState } from '../domain/watch';
import type { Temporal } from './connection';
import type { RunRef } from './follow';

/** A query no worker answers ends after this long. */
export const QUERY_TIMEOUT_MS = 5_000;
/** The extra may not hold up what it is added to. */
const WATCHER_TIMEOUT_MS = 1_000;
/** Above this many waits a watcher remembers no states. */
const MANY_WAITS = 50;
/** After an answer of no use the watcher is left alone this long: a busy one answers with every wait it has. */
const LEAVE_ALONE_MS = 10_000;

/** Looks at one run, again and again. */
export class RunProgress {
  private leftAloneUntil = 0;

  constructor(
    private readonly temporal: Temporal,
    private readonly run: RunRef,
  ) {}

  /** Throws where no worker answers for the run. */
  async look(): Promise<RunCommandProgress> {
    const { client, connection } = this.temporal;
    const { workflowId } = this.run;
    const progress = await connection.withDeadline(Date.now() + QUERY_TIMEOUT_MS, () =>
      // Without a run id: the continuation that goes on now.
      runCommandProgress(client, workflowId),
    );
    // A worker of an older version does not tell the ids.
    const invokeIds = (progress as Partial<RunCommandProgress>).invokeIds ?? [];
    if (invokeIds.length === 0 || Date.now() < this.leftAloneUntil) return progress;
    return withFinerStates(progress, await this.watcherStates(progress.region));
  }

  private async watcherStates(region: string): Promise<NonNullable<WatchState['states']>> {
    const { client, connection, account } = this.temporal;
    try {
      const watcher = client.workflow.getHandle(watchIdOf(account, region));
      const state = await connection.withDeadline(Date.now() + WATCHER_TIMEOUT_MS, () =>
        watcher.query<WatchState>(PROGRESS_QUERY),
      );
      const { states = {}, waits } = state;
      if (Object.keys(states).length === 0 && waits.length > MANY_WAITS) this.leaveAlone();
      return states;
    } catch {
      this.leaveAlone();
      return {};
    }
  }

  private leaveAlone(): void {
    this.leftAloneUntil = Date.now() + LEAVE_ALONE_MS;
  }
}
