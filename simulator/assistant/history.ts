/**
 * What was sent, for as long as it can be asked for. The rule: what still runs is never forgotten; of the rest only so
 * much and only so long.
 */
import type { Progress } from './model';
import { isEnd } from './vocabulary';

/** How long records are kept. */
export const RETENTION_MS = 30 * 86_400_000;
/** How many records (executions per instance) are kept. */
export const RETENTION_RECORDS = 10_000;

/** Something that was sent to instances. */
export interface Sent {
  readonly invokeId: string;
  readonly regionId: string;
  readonly createdAt: number;
  readonly tasks: readonly (Pick<Progress, 'status'> & { readonly instanceId: string })[];
}

/** Records of one kind. */
export class History<T extends Sent> {
  /** In the order of creation. */
  readonly records = new Map<string, T>();
  private rows = 0;

  /** Adds a record and forgets what is too old or too much. */
  add(record: T, now: number): void {
    this.records.set(record.invokeId, record);
    this.rows += record.tasks.length;
    this.forget(now);
  }

  /** The records of a region that can still be seen, oldest first. */
  visible(regionId: string, now: number, purgedBefore: number): T[] {
    this.forget(now);
    return [...this.records.values()].filter(
      (record) => record.regionId === regionId && record.createdAt >= purgedBefore,
    );
  }

  private forget(now: number): void {
    for (const record of this.records.values()) {
      const tooOld = now - record.createdAt > RETENTION_MS;
      if (!tooOld && this.rows <= RETENTION_RECORDS) return;
      if (record.tasks.every((task) => isEnd(task.status))) {
        this.records.delete(record.invokeId);
        this.rows -= record.tasks.length;
      }
    }
  }
}
