/**
 * What a run would do, told before it is started.
 *
 * The one rule: batches come from the very function that decides about them in a run.
 */
import { sentScript } from './command-environment';
import type { CommandSpec, InstanceRow, RateControl } from './messages';
import { limitsOf, nextBatchSize } from './rate';
import { WINDOWS_PATH, isFileInput, pathOf, sendingOf } from './sending';
import type { FileSpec, RunInput } from './sending';
import { newRunState, noteTargets, takeBatch } from './run-state';

export const PREVIEW_RUN = 'previewRun';

/** Previews are many; `nonce` tells them apart. */
export function previewIdOf(account: string, nonce: string): string {
  return `preview/${account}/${nonce}`;
}

/** Result of the workflow `previewRun`; at most 256 KB. */
export interface RunPreview {
  region: string;
  /** The first 1,000 of those the command would be sent to, in the order of the run. */
  fit: { count: number; instanceIds: string[] };
  /** The first 100 of those that cannot take it. */
  unfit: { count: number; rows: InstanceRow[] };
  /** The first 100 of those that were found and left out on purpose. */
  left: { count: number; rows: { instanceId: string; reason: string }[] };
  limits: { maxConcurrency: number; maxErrors: number };
  /** Sizes of the first 100 batches, should every instance succeed. */
  batches: { count: number; sizes: number[] };
  /** Calls to ECS, should every instance succeed; beside them the watcher's looks, which all waits of a region share. */
  calls: Record<string, number>;
  /** The script as the instances would get it: its environment before it, values in the place of its parameters; of a file, where it goes. */
  script: string;
  /** What ECS itself said of a RunCommand with RepeatMode DryRun for the first batch, where that was asked for. */
  verdict?: { accepted: boolean; message: string };
}

const MOST_SHOWN = 100;
const MOST_IDS = 1_000;
const RESULTS_PER_PAGE = 50;

/** What an activity found out for a preview. */
export interface PreviewFindings {
  fit: string[];
  unfit: InstanceRow[];
  left: { instanceId: string; reason: string }[];
  /** Calls made to find the targets; the run makes the same. */
  calls: Record<string, number>;
}

export function previewOf(input: RunInput, found: PreviewFindings): RunPreview {
  const { region, rate } = input;
  const { action, maxBatch } = sendingOf(input);
  const planned = found.fit.length;
  const sizes = batchSizes(rate, planned, maxBatch);
  const pages = sizes.reduce((sum, size) => sum + Math.ceil(size / RESULTS_PER_PAGE), 0);
  return {
    region,
    fit: { count: planned, instanceIds: found.fit.slice(0, MOST_IDS) },
    unfit: { count: found.unfit.length, rows: found.unfit.slice(0, MOST_SHOWN) },
    left: { count: found.left.length, rows: found.left.slice(0, MOST_SHOWN) },
    limits: limitsOf(rate, planned),
    batches: { count: sizes.length, sizes: sizes.slice(0, MOST_SHOWN) },
    calls: isFileInput(input)
      ? { ...found.calls, [action]: sizes.length, DescribeSendFileResults: sizes.length }
      : { ...found.calls, [action]: sizes.length, DescribeInvocationResults: pages },
    script: isFileInput(input) ? fileText(input.file) : scriptOf(input.command),
  };
}

/** The batches of a run in which every instance succeeds and batches end in the order in which they were sent. */
export function batchSizes(rate: RateControl | undefined, planned: number, maxBatch?: number): number[] {
  const state = newRunState('', '');
  const plan = { plan: '', count: planned };
  noteTargets(state, { plan, unfit: { count: 0, rows: [] }, storePath: '' }, { rate, maxBatch });
  state.approved = true;
  const sizes: number[] = [];
  for (;;) {
    for (let size = nextBatchSize(state); size > 0; size = nextBatchSize(state))
      sizes.push(takeBatch(state, size).instances);
    const ended = state.batches.shift();
    if (!ended) return sizes;
    state.totals.Success += ended.instances;
    state.totals.targets += ended.instances;
  }
}

/** What becomes of the file. */
function fileText(file: FileSpec): string {
  const { mode = '0644', owner = 'root', group = 'root', overwrite = false } = file;
  const rights = WINDOWS_PATH.test(file.targetDirectory) ? '' : `, mode ${mode}, owner ${owner}:${group}`;
  return `${pathOf(file)}${rights}, ${overwrite ? 'in the place of one that is there' : 'not where one is there already'}`;
}

/** Names of parameters differ by more than capitals. */
function scriptOf({ parameters = {}, ...command }: CommandSpec): string {
  const content = sentScript(command);
  const values = new Map(Object.entries(parameters).map(([name, value]) => [name.toLowerCase(), value]));
  if (values.size === 0) return content;
  return content.replace(
    /\{\{([A-Za-z0-9_-]{1,64})\}\}/g,
    (whole, name: string) => values.get(name.toLowerCase()) ?? whole,
  );
}
