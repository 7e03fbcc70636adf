/**
 * `steward run --dry-run`: what the run would do. Nothing is started on an instance.
 *
 * The one rule: as with a run, a workflow finds it out; what is shown is what the worker sees.
 */
import { randomUUID } from 'node:crypto';
import { PREVIEW_RUN, previewIdOf } from '../domain/run-preview';
import type { RunPreview } from '../domain/run-preview';
import { isFileInput } from '../domain/sending';
import type { RunInput } from '../domain/sending';
import { NO_TARGETS } from '../domain/run-summary';
import { stripControl } from '../domain/text';
import { EXIT } from './exit';
import type { ExitCode } from './exit';
import type { Context } from './inspect';
import { resultOrError, withTemporal } from './region';
import { plural } from './render';
import { textTable } from './table';

type PreviewRun = (input: RunInput, how: { askEcs: boolean }) => Promise<RunPreview>;

/** Shows the preview; exit code 1 where ECS itself would refuse, or where nothing could take the command. */
export async function dryRun(
  input: RunInput,
  options: { json?: boolean; askEcs?: boolean },
  { config, terminal }: Context,
): Promise<ExitCode> {
  return withTemporal(config, { worker: true }, async ({ client, account, taskQueue }) => {
    const handle = await client.workflow.start<PreviewRun>(PREVIEW_RUN, {
      workflowId: previewIdOf(account, randomUUID()),
      taskQueue,
      args: [input, { askEcs: options.askEcs === true }],
    });
    const preview = await resultOrError(handle.result());
    const columns = terminal.resultsOnTerminal ? terminal.columns : undefined;
    terminal.result(
      options.json
        ? JSON.stringify(preview, null, 2)
        : previewText(preview, columns, isFileInput(input) ? 'The file' : 'The script'),
    );
    const empty = preview.fit.count + preview.unfit.count === 0;
    if (empty && !input.targets.allowEmpty) terminal.say(NO_TARGETS);
    terminal.say('Nothing was started.');
    if (empty) return input.targets.allowEmpty ? EXIT.ok : EXIT.notCarriedOut;
    return preview.fit.count === 0 || preview.verdict?.accepted === false ? EXIT.someFailed : EXIT.ok;
  });
}

/** The preview for people. */
export function previewText(preview: RunPreview, columns?: number, what = 'The script'): string {
  const { fit, unfit, left, limits, batches, calls, script, verdict } = preview;
  const sizes = [...batches.sizes.slice(0, 12), ...(batches.count > 12 ? ['…'] : [])].join(', ');
  const reasons = [...unfit.rows, ...left.rows].map(({ instanceId, reason }) =>
    [instanceId, reason ?? ''].map(stripControl),
  );
  const more = unfit.count + left.count - reasons.length;
  return [
    `${plural(fit.count, 'instance')} in ${preview.region}: ${[...fit.instanceIds.slice(0, 5), ...(fit.count > 5 ? ['…'] : [])].join(' ')}`,
    `${plural(batches.count, 'batch')}: ${sizes}`.replace('batchs', 'batches'),
    `at most ${limits.maxConcurrency} at once, at most ${limits.maxErrors} errors`,
    `calls: ${Object.entries(calls)
      .map(([action, count]) => `${action} ${count}`)
      .join(', ')}, and the watcher's looks`,
    ...(verdict
      ? [`ECS: ${verdict.accepted ? 'would take it' : 'would refuse it'}: ${stripControl(verdict.message)}`]
      : []),
    ...(reasons.length > 0 ? ['', textTable(['NOT ON', 'REASON'], reasons, columns)] : []),
    ...(more > 0 ? [`and ${more} more`] : []),
    '',
    `${what}:`,
    stripControl(script),
  ].join('\n');
}
