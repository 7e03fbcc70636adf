/**
 * `reportSystemEvents`: the system events of a region, open ones with the plan their policy makes, or those of the last
 * days.
 *
 * Promise: it looks and does nothing else. A region that cannot be read within two minutes fails the report.
 */
import { REPORT_SYSTEM_EVENTS } from '../domain/event-messages';
import type { ReportSystemEventsInput, SystemEventsReport } from '../domain/event-report';
import { refuseBadInput } from './input';
import { reporting } from './proxies';
import { noteOperation } from './search-attributes';

export async function reportSystemEvents(input: ReportSystemEventsInput): Promise<SystemEventsReport> {
  await refuseBadInput(REPORT_SYSTEM_EVENTS, input);
  noteOperation(REPORT_SYSTEM_EVENTS, { region: input.region });
  return reporting.reportEvents(input);
}
