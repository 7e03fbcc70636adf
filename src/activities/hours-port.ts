/** The small port to Temporal's client for working hours. */
import type { HoursLook, HoursRun, WorkingHoursState } from '../domain/hours-state';

export interface HoursPort {
  /** What the workflow of these hours knows; `undefined` where there is none. */
  read(name: string): Promise<WorkingHoursState | undefined>;
  /** Those of the names under which working hours exist. */
  existing(names: readonly string[]): Promise<Set<string>>;
  /** Tells the hours' workflow what an action did; nothing where there is none. */
  ran(name: string, run: HoursRun): Promise<void>;
  /** Tells it what stands after an action. */
  looked(name: string, look: HoursLook): Promise<void>;
  /** Of these instances, those whose key the region's gate has given to somebody, with the holder. */
  held(region: string, instanceIds: readonly string[]): Promise<Map<string, string>>;
}
