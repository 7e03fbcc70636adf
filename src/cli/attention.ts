/**
 * `steward attention`: the open workflows that want a person.
 *
 * The one rule: it asks the server's list, so it needs no worker; what happened a moment ago may appear a moment later.
 */
import type { WorkflowExecutionInfo } from '@temporalio/client';
import { stripControl } from '../domain/text';
import type { Temporal } from './connection';
import { EXIT } from './exit';
import type { ExitCode } from './exit';
import type { Context } from './inspect';
import { withTemporal } from './region';
import { selfCommand } from './self';
import { textTable } from './table';

interface Wanting {
  workflowId: string;
  runId: string;
  type: string;
  /** What for: `<workflow>: <step>`. */
  attention: string;
  region?: string;
  eventId?: string;
  instanceIds: string[];
  startTime: Date;
  url?: string;
}

const QUERY = "StewardAttention IS NOT NULL AND ExecutionStatus = 'Running'";

/** Lists them; exit code 0 also where there are some. */
export async function attention(
  options: { json?: boolean },
  { config, terminal }: Context,
): Promise<ExitCode> {
  return withTemporal(config, { worker: false }, async (temporal) => {
    const found: Wanting[] = [];
    for await (const info of temporal.client.workflow.list({ query: QUERY }))
      found.push(wantingOf(info, temporal));
    const columns = terminal.resultsOnTerminal ? terminal.columns : undefined;
    if (options.json) terminal.result(JSON.stringify({ attention: found }, null, 2));
    else terminal.result(found.length === 0 ? 'Nothing wants a person.' : attentionText(found, columns));
    return EXIT.ok;
  });
}

function wantingOf(
  { workflowId, runId, type, startTime, typedSearchAttributes }: WorkflowExecutionInfo,
  temporal: Temporal,
): Wanting {
  const values = new Map(typedSearchAttributes.getAll().map(({ key, value }) => [key.name, value]));
  const word = (name: string): string | undefined => {
    const value = values.get(name);
    return typeof value === 'string' ? value : undefined;
  };
  const ids = values.get('EcsInstanceId');
  return {
    workflowId,
    runId,
    type,
    attention: word('StewardAttention') ?? '',
    region: word('EcsRegion'),
    eventId: word('EcsEventId'),
    instanceIds: Array.isArray(ids) ? ids.map(String) : [],
    startTime,
    url: temporal.linkOf(workflowId, runId),
  };
}

function attentionText(found: readonly Wanting[], columns?: number): string {
  const cells = found.map((each) =>
    [each.attention, each.instanceIds.join(' '), each.startTime.toISOString(), each.workflowId].map((cell) =>
      stripControl(cell),
    ),
  );
  return [
    textTable(['ATTENTION', 'INSTANCE', 'SINCE', 'WORKFLOW'], cells, columns),
    `More: ${selfCommand()} status WORKFLOW, ${selfCommand()} events show EVENT`,
  ].join('\n');
}
