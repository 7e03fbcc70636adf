/**
 * `reportSpot`: how an instance would be rescued, or what instance types cost where.
 *
 * Promise: it looks and does nothing else. A region that cannot be read within two minutes fails the report.
 */
import { REPORT_SPOT } from '../domain/spot-messages';
import type { SpotReport, SpotReportInput } from '../domain/spot-messages';
import { refuseBadInput } from './input';
import { reporting } from './proxies';
import { noteOperation } from './search-attributes';

export async function reportSpot(input: SpotReportInput): Promise<SpotReport> {
  await refuseBadInput(REPORT_SPOT, input);
  noteOperation(REPORT_SPOT, { region: input.region });
  return reporting.reportSpot(input);
}
