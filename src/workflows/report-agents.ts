/**
 * `reportAgents`: the agents of instances, which of them are alive, and why the others are not.
 *
 * Promise: it looks and does nothing else. A fleet that cannot be read for half an hour fails the report.
 */
import { defineSearchAttributeKey } from '@temporalio/common';
import { upsertSearchAttributes } from '@temporalio/workflow';
import { REPORT_AGENTS } from '../domain/agents';
import type { AgentsReport, ReportAgentsInput } from '../domain/agents';
import { assertResultSize } from '../domain/rows';
import { refuseBadInput } from './input';
import { readingAgents } from './proxies';

export async function reportAgents(input: ReportAgentsInput): Promise<AgentsReport> {
  await refuseBadInput(REPORT_AGENTS, input);
  upsertSearchAttributes([
    { key: defineSearchAttributeKey('EcsRegion', 'KEYWORD'), value: input.region },
    { key: defineSearchAttributeKey('StewardOperation', 'KEYWORD'), value: REPORT_AGENTS },
  ]);
  const report = await readingAgents.reportAgents(input);
  assertResultSize(report);
  return report;
}
