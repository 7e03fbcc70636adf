/**
 * `steward agent status` and `steward agent install`.
 *
 * The one rule: no instance is rebooted unless `--reboot` is typed and a person, or `--yes`, has agreed to it.
 */
import { randomUUID } from 'node:crypto';
import type { WorkflowHandle } from '@temporalio/client';
import { INSTALL_AGENTS, REPORT_AGENTS, agentsIdOf } from '../domain/agents';
import type {
  AgentRow,
  AgentsReport,
  InstallAgentsInput,
  InstallAgentsResult,
  InstallRow,
  ReportAgentsInput,
} from '../domain/agents';
import { parseInstallAgentsInput, parseReportAgentsInput } from '../domain/agents-input';
import type { InputError } from '../domain/messages';
import { readRows } from '../results/store';
import { installText, statusText } from './agent-text';
import type { Temporal } from './connection';
import { CliError, EXIT, usageError } from './exit';
import type { ExitCode } from './exit';
import type { Context } from './inspect';
import { regionOf, resultOrError, withTemporal } from './region';
import { plural } from './render';
import { amountOf, asOption, defined, numberOrText, targetsOf } from './run-options';
import type { TargetOptions } from './run-options';
import { follow } from './spot-follow';

export interface AgentOptions extends TargetOptions {
  dead?: boolean;
  json?: boolean;
}

export interface InstallOptions extends TargetOptions {
  reboot?: boolean;
  force?: boolean;
  maxConcurrency?: string;
  maxErrors?: string;
  canary?: string;
  within?: string;
  dryRun?: boolean;
  detach?: boolean;
  yes?: boolean;
  json?: boolean;
}

type ReportAgents = (input: ReportAgentsInput) => Promise<AgentsReport>;
type InstallAgents = (input: InstallAgentsInput) => Promise<InstallAgentsResult>;

/** `steward agent status`. */
export async function agentStatus(options: AgentOptions, { config, terminal }: Context): Promise<ExitCode> {
  const region = regionOf(options, config);
  const value = { region, targets: targetsOf(options), ...defined({ deadOnly: options.dead }) };
  const input = accepted(parseReportAgentsInput(value));
  return withTemporal(config, { worker: true }, async (temporal) => {
    const report = await reportOf(temporal, input);
    const columns = terminal.resultsOnTerminal ? terminal.columns : undefined;
    terminal.result(options.json ? JSON.stringify(report, null, 2) : statusText(report, columns));
    if (report.instances === 0) return noTargets(options);
    return report.dead === 0 ? EXIT.ok : EXIT.someFailed;
  });
}

/** `steward agent install`. */
export async function agentInstall(options: InstallOptions, context: Context): Promise<ExitCode> {
  const { config, terminal } = context;
  const input = accepted(parseInstallAgentsInput(installInputOf(options, regionOf(options, config))));
  return withTemporal(config, { worker: true }, async (temporal) => {
    if (options.dryRun) return dryRun(temporal, input, options, context);
    if (input.reboot && !options.yes) await confirm(temporal, input, context);
    const handle = await temporal.client.workflow.start<InstallAgents>(INSTALL_AGENTS, {
      workflowId: agentsIdOf(temporal.account, 'install', randomUUID()),
      taskQueue: temporal.taskQueue,
      args: [input],
      staticSummary: `agents in ${input.region}`,
    });
    return follow<InstallAgentsResult>({ temporal, handle, terminal, options }, (result) => ({
      code: exitCodeOf(result, input),
      text: installText(result, terminal.resultsOnTerminal ? terminal.columns : undefined),
    }));
  });
}

/** `steward cancel ID` of an installation. */
export async function cancelInstall(
  handle: WorkflowHandle<InstallAgents>,
  options: { json?: boolean },
  { terminal }: Context,
): Promise<ExitCode> {
  await handle.cancel();
  terminal.say('Cancelling; waiting for the report of what was being rebooted.');
  const result = await resultOrError(handle.result());
  const columns = terminal.resultsOnTerminal ? terminal.columns : undefined;
  terminal.result(options.json ? JSON.stringify(result, null, 2) : installText(result, columns));
  return result.outcome === 'cancelled' ? EXIT.ok : exitCodeOf(result, {});
}

function installInputOf(options: InstallOptions, region: string): object {
  const { reboot, force, within } = options;
  const rate = defined({
    maxConcurrency: amountOf(options.maxConcurrency),
    maxErrors: amountOf(options.maxErrors),
    canary: amountOf(options.canary),
  });
  return {
    region,
    targets: targetsOf(options),
    ...defined({ reboot, force, withinSeconds: within === undefined ? undefined : numberOrText(within) }),
    ...(Object.keys(rate).length > 0 ? { rate } : {}),
  };
}

function accepted<T>(parsed: { ok: true; input: T } | { ok: false; errors: InputError[] }): T {
  if (!parsed.ok) throw usageError(parsed.errors.map((error) => asOption(error)));
  return parsed.input;
}

function exitCodeOf(result: InstallAgentsResult, { reboot }: Pick<InstallAgentsInput, 'reboot'>): ExitCode {
  const { outcome, refusal } = result;
  if (outcome === 'cancelled') return EXIT.interrupted;
  if (outcome === 'no-targets' || refusal !== undefined) return EXIT.notCarriedOut;
  return outcome === 'succeeded' || (outcome === 'needs-reboot' && !reboot) ? EXIT.ok : EXIT.someFailed;
}

/** The report with all its rows, where the store they are in can be read here. */
async function reportOf(
  { client, account, taskQueue }: Temporal,
  input: ReportAgentsInput,
): Promise<AgentsReport> {
  const report = await resultOrError(
    client.workflow.execute<ReportAgents>(REPORT_AGENTS, {
      workflowId: agentsIdOf(account, 'report', randomUUID()),
      taskQueue,
      args: [input],
      staticSummary: `agents in ${input.region}`,
      workflowExecutionTimeout: '1 hour',
    }),
  );
  if (!report.resultStore) return report;
  const rows = await readRows<AgentRow>(report.resultStore.path).catch(() => undefined);
  return rows ? { ...report, rows, rowsTruncated: false } : report;
}

async function dryRun(
  temporal: Temporal,
  input: InstallAgentsInput,
  options: InstallOptions,
  { terminal }: Context,
): Promise<ExitCode> {
  const report = await reportOf(temporal, { region: input.region, targets: input.targets });
  const rows: InstallRow[] = report.rows.map((row) => plannedRow(row, input));
  const would = rows.filter(({ outcome }) => outcome !== 'AlreadyRunning');
  const columns = terminal.resultsOnTerminal ? terminal.columns : undefined;
  terminal.result(
    options.json
      ? JSON.stringify({ region: input.region, instances: report.instances, rows }, null, 2)
      : installText(
          { rows: would, summary: wouldText(report, input), rowsTruncated: report.rowsTruncated },
          columns,
        ),
  );
  terminal.say('Nothing was done.');
  return report.instances === 0 ? noTargets(options) : EXIT.ok;
}

function plannedRow(
  { instanceId, instanceStatus, alive, version, reason }: AgentRow,
  input: InstallAgentsInput,
): InstallRow {
  if (instanceStatus === '') return { instanceId, outcome: 'Failed', reason };
  if (alive && !input.force) return { instanceId, outcome: 'AlreadyRunning', version };
  const reboots = input.reboot && instanceStatus === 'Running';
  const why = reason ?? 'its agent answers (--force)';
  return {
    instanceId,
    outcome: 'NeedsReboot',
    reason: `would be installed${reboots ? ' and REBOOTED' : ''}: ${why}`,
  };
}

function wouldText(report: AgentsReport, input: InstallAgentsInput): string {
  const count = input.force ? report.instances : report.dead;
  return `The agent would be installed on ${count} of ${plural(report.instances, 'instance')}${input.reboot ? ', and those that run would be REBOOTED' : ''}.`;
}

/** A person agrees to the reboots; where there is none to ask, `--yes` has to be typed. */
async function confirm(temporal: Temporal, input: InstallAgentsInput, { terminal }: Context): Promise<void> {
  if (!terminal.interactive)
    throw new CliError(
      EXIT.usage,
      'Instances would be rebooted, and there is no terminal to ask on. Type --yes to mean it. Nothing was done.',
    );
  const report = await reportOf(temporal, { region: input.region, targets: input.targets });
  const answer = await terminal.ask(`${wouldText(report, input)} Do it? [y/N] `);
  if (!/^y(es)?$/i.test(answer?.trim() ?? '')) throw new CliError(EXIT.usage, 'Nothing was done.');
}

function noTargets({ allowEmpty }: TargetOptions): ExitCode {
  if (allowEmpty) return EXIT.ok;
  throw new CliError(
    EXIT.notCarriedOut,
    'No instance matches the targets; where that is no mistake, give --allow-empty.',
  );
}
