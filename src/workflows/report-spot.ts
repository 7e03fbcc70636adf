/**
 * `reportSpot`: how an instance would be rescued, or what instance types cost where.
 *
 * Promise: it looks and does nothing else. A region that cannot be read within two minutes fails the report.
 */
import { defineSearchAttributeKey } from '@temporalio/common';
import { upsertSearchAttributes } from '@temporalio/workflow';
import { REPORT_SPOT } from '../domain/spot-messages';
import type { SpotReport, SpotReportInput } from '../domain/spot-messages';
import { refuseBadInput } from './input';
import { reporting } from './proxies';

export async function reportSpot(input: SpotReportInput): Promise<SpotReport> {
  await refuseBadInput(REPORT_SPOT, input);
  upsertSearchAttributes([
    { key: defineSearchAttributeKey('EcsRegion', 'KEYWORD'), value: input.region },
    { key: defineSearchAttributeKey('StewardOperation', 'KEYWORD'), value: REPORT_SPOT },
  ]);
  return reporting.reportSpot(input);
}
