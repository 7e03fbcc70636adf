/**
 * `reportWorkingHours`: what working hours would touch now, or what they have saved in a month.
 *
 * Promise: it looks and does nothing else. What cannot be read within minutes fails the report.
 */
import { REPORT_WORKING_HOURS } from '../domain/hours-messages';
import type { HoursReport } from '../domain/hours-report';
import type { HoursReportInput } from '../domain/hours-state';
import { refuseBadInput } from './input';
import { reportingHours } from './proxies';
import { noteOperation } from './search-attributes';

export async function reportWorkingHours(input: HoursReportInput): Promise<HoursReport> {
  await refuseBadInput(REPORT_WORKING_HOURS, input);
  noteOperation(REPORT_WORKING_HOURS);
  return reportingHours.reportHours(input);
}
