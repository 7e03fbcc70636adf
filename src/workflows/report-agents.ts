/**
 * `reportAgents`: the agents of instances, which of them are alive, and why the others are not.
 *
 * Promise: it looks and does nothing else. A fleet that cannot be read for half an hour fails the report.
 */
import { REPORT_AGENTS } from '../domain/agents';
import type { AgentsReport, ReportAgentsInput } from '../domain/agents';
import { assertResultSize } from '../domain/rows';
import { refuseBadInput } from './input';
import { readingAgents } from './proxies';
import { noteOperation } from './search-attributes';

export async function reportAgents(input: ReportAgentsInput): Promise<AgentsReport> {
  await refuseBadInput(REPORT_AGENTS, input);
  noteOperation(REPORT_AGENTS, { region: input.region });
  const report = await readingAgents.reportAgents(input);
  assertResultSize(report);
  return report;
}
