/**
 * `steward spot relaunch --plan` and `steward spot prices`.
 *
 * The one rule: they only look. What ECS says comes from the workflow `reportSpot`, for the command line has no
 * credentials.
 */
import { randomUUID } from 'node:crypto';
import { taskQueueOf } from '../domain/messages';
import { REPORT_SPOT, spotReportIdOf } from '../domain/spot-messages';
import type { SpotReport, SpotReportInput } from '../domain/spot-messages';
import { stripControl } from '../domain/text';
import { CliError, EXIT } from './exit';
import type { ExitCode } from './exit';
import type { Context } from './inspect';
import { regionOf, resultOrError, withTemporal } from './region';
import type { RegionOptions } from './region';
import { planText, pricesText } from './spot-text';

/** How an instance would be rescued, and what would be lost. */
export function plan(instanceId: string, options: RegionOptions, context: Context): Promise<ExitCode> {
  return show(options, context, { kind: 'plan', instanceId }, (report, columns) => {
    if (report.plan) return planText(report.plan, columns);
    throw new CliError(
      EXIT.notCarriedOut,
      `ECS knows no instance ${stripControl(instanceId)} in ${report.region}.`,
    );
  });
}

/** What types cost where. */
export function prices(options: RegionOptions & { type: string[] }, context: Context): Promise<ExitCode> {
  return show(options, context, { kind: 'prices', instanceTypes: options.type }, pricesText);
}

type ReportSpot = (input: SpotReportInput) => Promise<SpotReport>;

async function show(
  options: RegionOptions,
  { config, terminal }: Context,
  wanted: Omit<SpotReportInput, 'region'>,
  render: (report: SpotReport, columns?: number) => string,
): Promise<ExitCode> {
  const region = regionOf(options, config);
  return withTemporal(config, { worker: true }, async ({ client, account }) => {
    const report = await resultOrError(
      client.workflow.execute<ReportSpot>(REPORT_SPOT, {
        workflowId: spotReportIdOf(account, region, randomUUID()),
        taskQueue: taskQueueOf(account),
        args: [{ region, ...wanted }],
        staticSummary: `${wanted.kind} of spot instances in ${region}`,
        workflowExecutionTimeout: '5 minutes',
      }),
    );
    const text = render(report, terminal.resultsOnTerminal ? terminal.columns : undefined);
    terminal.result(options.json ? JSON.stringify(report, null, 2) : text);
    return EXIT.ok;
  });
}
