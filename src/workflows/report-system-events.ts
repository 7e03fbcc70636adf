/**
 * `reportSystemEvents`: the system events of a region, open ones with the plan their policy makes, or those of the last
 * days.
 *
 * Promise: it looks and does nothing else. A region that cannot be read within two minutes fails the report.
 */
import { defineSearchAttributeKey } from '@temporalio/common';
import { upsertSearchAttributes } from '@temporalio/workflow';
import { REPORT_SYSTEM_EVENTS } from '../domain/event-messages';
import type { ReportSystemEventsInput, SystemEventsReport } from '../domain/event-report';
import { refuseBadInput } from './input';
import { reporting } from './proxies';

export async function reportSystemEvents(input: ReportSystemEventsInput): Promise<SystemEventsReport> {
  await refuseBadInput(REPORT_SYSTEM_EVENTS, input);
  upsertSearchAttributes([
    { key: defineSearchAttributeKey('EcsRegion', 'KEYWORD'), value: input.region },
    { key: defineSearchAttributeKey('StewardOperation', 'KEYWORD'), value: REPORT_SYSTEM_EVENTS },
  ]);
  return reporting.reportEvents(input);
}
