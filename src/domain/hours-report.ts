/** What `reportWorkingHours` answers. Rows are bounded: a report is a workflow's result. */
import type { ByTagTotals } from './hours-messages';
import type { SavingsRow } from './hours-savings';
import type { InstanceRow } from './messages';

/** Instances of a savings report; the totals are of all. */
export const MAX_SAVINGS_ROWS = 1_000;

/** What an action would do in a region now. */
export interface SurveyPart {
  region: string;
  action: 'start' | 'stop';
  /** Why the action would do nothing at all now. */
  notDue?: string;
  touches: number;
  /** The first 50 of them. */
  instanceIds: string[];
  totals: Pick<ByTagTotals, 'targets' | 'already' | 'skipped' | 'charging'>;
  /** The first 50 that are left alone, or go on costing. */
  exceptions: InstanceRow[];
  warnings: string[];
  /** Why the region could not be read. */
  error?: string;
}

export interface SavingsReport {
  month: string;
  /** Until when it was counted, ISO 8601. */
  until: string;
  instances: number;
  hoursFree: number;
  hoursCharged: number;
  saved?: number;
  rows: SavingsRow[];
}

export interface HoursReport {
  hours: string;
  /** False where there are no hours of this name. */
  found: boolean;
  survey?: SurveyPart[];
  savings?: SavingsReport;
}
