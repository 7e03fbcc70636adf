/**
 * `steward events list|plan|show|history`: the system events of a region, what is planned, and what became of them.
 *
 * The one rule: they only look. What ECS says comes from the workflow `reportSystemEvents`, for the command line has no
 * credentials; what we did beside it comes from each event's own workflow.
 */
import { randomUUID } from 'node:crypto';
import { REPORT_SYSTEM_EVENTS, reportIdOf } from '../domain/event-messages';
import type { ReportSystemEventsInput, SystemEventsReport } from '../domain/event-report';
import { stripControl } from '../domain/text';
import type { Temporal } from './connection';
import { withHandlers } from './event-handlers';
import { eventText, historyText, listText, planText } from './event-text';
import type { HandledRow } from './event-text';
import { CliError, EXIT } from './exit';
import type { ExitCode } from './exit';
import type { Context } from './inspect';
import { regionOf, resultOrError, withTemporal } from './region';
import type { RegionOptions } from './region';

type Render = (report: SystemEventsReport, rows: readonly HandledRow[], columns?: number) => string;

/** `steward events list`: open events. */
export function list(options: RegionOptions, context: Context): Promise<ExitCode> {
  return show(options, context, { kind: 'open' }, listText);
}

/** `steward events plan`: of each open event the chosen moment and why. */
export function plan(options: RegionOptions, context: Context): Promise<ExitCode> {
  return show(options, context, { kind: 'open' }, planText);
}

/** `steward events history`: the last days. */
export function history(options: RegionOptions & { days?: string }, context: Context): Promise<ExitCode> {
  const days = options.days === undefined ? {} : { days: Number(options.days) };
  return show(options, context, { kind: 'history', ...days }, historyText);
}

/** `steward events show ID`: everything about one event, open or ended. */
export function showOne(eventId: string, options: RegionOptions, context: Context): Promise<ExitCode> {
  return show(options, context, { kind: 'open', eventId }, ({ region }, [row]) => {
    if (row) return eventText(row);
    throw new CliError(EXIT.notCarriedOut, `ECS knows no event ${stripControl(eventId)} in ${region}.`);
  });
}

async function show(
  options: RegionOptions,
  { config, terminal }: Context,
  wanted: Omit<ReportSystemEventsInput, 'region'>,
  render: Render,
): Promise<ExitCode> {
  const region = regionOf(options, config);
  return withTemporal(config, { worker: true }, async (temporal) => {
    const report = await reportOf(temporal, { region, ...wanted });
    const rows = await withHandlers(temporal, region, report.rows);
    const columns = terminal.resultsOnTerminal ? terminal.columns : undefined;
    const text = render(report, rows, columns);
    terminal.result(options.json ? JSON.stringify({ ...report, rows }, null, 2) : text);
    return EXIT.ok;
  });
}

type ReportSystemEvents = (input: ReportSystemEventsInput) => Promise<SystemEventsReport>;

/** Runs the report to its end. */
function reportOf(temporal: Temporal, input: ReportSystemEventsInput): Promise<SystemEventsReport> {
  const { client, account, taskQueue } = temporal;
  return resultOrError(
    client.workflow.execute<ReportSystemEvents>(REPORT_SYSTEM_EVENTS, {
      workflowId: reportIdOf(account, input.region, randomUUID()),
      taskQueue,
      args: [input],
      staticSummary: `${input.kind} system events of ${input.region}`,
      workflowExecutionTimeout: '5 minutes',
    }),
  );
}
