/**
 * The contract between everyone who starts, signals, queries or reads a workflow and the workflows themselves: names,
 * ids, payload shapes. Plain JSON only: what is here crosses Temporal.
 *
 * The one rule: the CLI, client scripts, activities and workflows take these names and shapes from here and nowhere
 * else, so a name can be looked up and never drifts.
 */

/** The task queue of an account's ordinary work. One worker = one account = one task queue. */
export function taskQueueOf(account: string): string {
  return `steward-${account}`;
}

/** The account's short name used when the configuration names none. */
export const DEFAULT_ACCOUNT = 'default';

/** Workflow type names as they appear in Temporal (`temporal workflow start --type …`). */
export const WORKFLOW_TYPES = {
  runCommand: 'runCommand',
  sendFile: 'sendFile',
  watchRegion: 'watchRegion',
} as const;

/**
 * Search attributes every namespace needs before a worker starts; the embedded stack registers them, elsewhere
 * `steward worker` prints the commands that do.
 */
export const SEARCH_ATTRIBUTES = {
  EcsRegion: 'Keyword',
  EcsEventId: 'Keyword',
  StewardOperation: 'Keyword',
  StewardAttention: 'Keyword',
  EcsInstanceId: 'KeywordList',
} as const;

/** A list attribute is limited to 2,048 bytes by the server: 100 ids fail the run, 50 do not. */
export const MAX_INSTANCE_IDS_IN_SEARCH_ATTRIBUTE = 50;

/** The query every workflow of this product answers. */
export const PROGRESS_QUERY = 'progress';

/** Signal to `watchRegion`: who waits for what; argument WaitRegistration[]. */
export const REGISTER_WAITS_SIGNAL = 'registerWaits';

/** Signal from the watcher to who waits: look now, it is probably over; argument WaitEnded. */
export const WAIT_ENDED_SIGNAL = 'waitEnded';

/** What a `waitEnded` signal says. A hint: the waiter reads the truth itself. */
export interface WaitEnded {
  kind: string;
  key: string;
}

/** The workflow id of the one poller of an account's region. */
export function watchIdOf(account: string, region: string): string {
  return `watch/${account}/${region}`;
}

/** Failure type of a workflow that refused its input; the message lists every error, `details[0]` is InputError[]. */
export const INVALID_INPUT = 'InvalidInput';

/** One thing wrong with an input: where, what, and how to mend it. */
export interface InputError {
  /** Path into the input, e.g. `command.timeoutSeconds`; empty for the input as a whole. */
  path: string;
  message: string;
}

export type CommandType = 'RunShellScript' | 'RunBatScript' | 'RunPowerShellScript';

/** A tag to select by: key alone matches any value. */
export interface TagSelector {
  key: string;
  value?: string;
}

/** What to run on: ids, tags, a resource group and `all` add up (union); at least one of them must be given. */
export interface Targets {
  instanceIds?: string[];
  tags?: TagSelector[];
  /** Every instance of this resource group. */
  resourceGroupId?: string;
  /** Every instance of the region. */
  all?: boolean;
  /** Taken away from all of the above; they are no targets and have no row. */
  excludeInstanceIds?: string[];
  /** At most so many of what is left, in the order in which they were found. */
  limit?: number;
  /** Where none of it is there: `true` for a success on nothing. Otherwise that is refused, for it is mostly a tag mistyped. */
  allowEmpty?: boolean;
}

export interface CommandSpec {
  type: CommandType;
  /** The saved command to invoke in the place of sending the script; `content` and `type` have to be those it was saved with. */
  commandId?: string;
  /** Plain text; encoded to Base64 for the API. At most 24 KB after Base64 (18 KB of script). */
  content: string;
  /** Seconds Cloud Assistant lets the command run on each instance; 10 to 86,400, default 60. */
  timeoutSeconds?: number;
  /** Default `/root` on Linux (Cloud Assistant's own default). At most 200 characters. */
  workingDirectory?: string;
  /** The guest user the command runs as; Cloud Assistant's default is root (System on Windows). */
  user?: string;
  /** On Windows: the NAME of the parameter of OOS that keeps the user's password. Never the password. */
  windowsPasswordName?: string;
  /** Where Cloud Assistant delivers whole outputs beside its own records: `oss://bucket/prefix`. */
  ossOutputDelivery?: string;
  /** Values for `{{name}}` in the content; at most 10. They are substituted before a shell sees the script. */
  parameters?: Record<string, string>;
  /** Environment variables of the script. Data: the values are sent as Base64, no shell parses them. */
  environment?: Record<string, string>;
}

/** A number of instances, or a share of those the command can be sent to, such as `10%`. */
export type Amount = number | string;

/** How fast a run goes, and when it stops by itself. */
export interface RateControl {
  /** Instances under way at once. Default: above 100 instances 50 %, at most 500; else all. */
  maxConcurrency?: Amount;
  /** One error more than this, and nothing further starts. Default: above 100 instances 10 %; else no limit. */
  maxErrors?: Amount;
  /** These first, alone; any error among them, and nothing further starts. */
  canary?: Amount;
  /** After the canary a person says whether the run goes on. */
  approve?: boolean;
  /** So many under way at first; each success makes room for one more, up to maxConcurrency. */
  startWith?: Amount;
  /** Neighbours in the order of the run are of different zones. */
  spreadOverZones?: boolean;
}

/** Updates of `runCommand` and `sendFile`; each answers with a sentence. `setLimits` takes maxConcurrency and maxErrors. */
export const RUN_UPDATES = {
  pause: 'pause',
  resume: 'resume',
  approve: 'approve',
  setLimits: 'setLimits',
  abort: 'abort',
} as const;

/** Input of the workflow `runCommand`. */
export interface RunCommandInput {
  /** RegionId, e.g. `cn-hangzhou`. */
  region: string;
  targets: Targets;
  command: CommandSpec;
  /** A name for people; shown in the Web UI and as the command's name in Cloud Assistant. At most 128 characters. */
  name?: string;
  /** Absent: up to 100 instances all at once, above that the defaults of RateControl. */
  rate?: RateControl;
  /** No other operation of ours works on these instances meanwhile: takes their keys of the region's gate; up to 1,000. */
  exclusive?: boolean;
  /** The id of the run this one repeats on what did not succeed there. */
  retryOf?: string;
}

/**
 * How one instance ended.
 * Success: exit code 0. Failed: ran and did not succeed, or was refused by the guest. Timeout: over timeoutSeconds.
 * Stopped: cancelled before or while running. Unfit: set aside before the call (not Running, no agent, wrong type).
 * NotStarted: never sent. Unknown: the truth could not be learnt (no record, or still alive at the deadline).
 */
export const OUTCOMES = [
  'Success',
  'Failed',
  'Timeout',
  'Stopped',
  'Unfit',
  'NotStarted',
  'Unknown',
] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** One instance's line of a run. Times are ISO 8601 UTC with second precision as the API gives them, else absent. */
export interface InstanceRow {
  instanceId: string;
  outcome: Outcome;
  /** The API's InvocationStatus, where there is one. */
  status?: string;
  /** Absent where the command never finished: absent is not 0. */
  exitCode?: number;
  errorCode?: string;
  errorInfo?: string;
  /** First line of the output, at most 120 characters, control characters removed. */
  firstLine?: string;
  /** Bytes of output the API cut away. */
  droppedBytes?: number;
  /** Where the whole output was delivered, how that went, and why it did not; only where a place in OSS was given. */
  ossUri?: string;
  ossStatus?: string;
  ossError?: string;
  startedAt?: string;
  finishedAt?: string;
  /** Why, for every outcome that is not Success. */
  reason?: string;
}

/** A row as the result store keeps it: with the whole output. */
export interface StoredRow extends InstanceRow {
  invokeId?: string;
  batch?: number;
  /** The output as text where it is valid UTF-8 … */
  output?: string;
  /** … and its raw bytes where it is not. */
  outputBase64?: string;
}

export type RunPhase =
  | 'resolving'
  | 'gate'
  | 'dispatching'
  | 'waiting'
  | 'collecting'
  | 'paused'
  | 'approval'
  | 'stopping'
  | 'done';

/** Answer of the `progress` query of `runCommand`. */
export interface RunCommandProgress {
  phase: RunPhase;
  region: string;
  name?: string;
  retryOf?: string;
  /** Instances the run is about, unfit ones included; absent until they are resolved. */
  targets?: number;
  batches: { total: number; dispatched: number; ended: number };
  /** What the run keeps to; absent until the targets are resolved. */
  limits?: { maxConcurrency: number; maxErrors: number };
  /** Why nothing further starts, where that is so. */
  stopped?: string;
  /**
   * Instances by state: `Queued`, `Sent` (accepted by Cloud Assistant), then outcomes. Finer states of what is alive
   * the region's watcher knows, by invokeId, as long as few are waited for (`states` of its own progress).
   */
  states: Record<string, number>;
  /** Invocations that are accepted and not collected yet: the instances counted as `Sent`. */
  invokeIds: string[];
  startedAt: string;
}

export interface InvocationRef {
  batch: number;
  instances: number;
  /** Absent where the call was never accepted. */
  invokeId?: string;
}

/** Result of the workflow `runCommand`; at most 256 KB. */
export interface RunCommandResult {
  /** `no-targets`: nothing matched, and `targets.allowEmpty` was not given. It is not a success; nothing was sent. */
  outcome: 'succeeded' | 'partly-failed' | 'failed' | 'cancelled' | 'no-targets';
  /** One sentence for people. */
  summary: string;
  /** Why nothing could be sent at all, where that is so: the refusal of ECS with its code and request id. */
  refusal?: string;
  retryOf?: string;
  /** Why the run started nothing further, where it left instances out: an error limit, a canary, an abort. */
  stopped?: string;
  region: string;
  totals: Record<Outcome, number> & { targets: number };
  /** Every instance for runs of at most 100; otherwise the first 50 that did not succeed. */
  rows: InstanceRow[];
  /** True where `rows` is not everything; everything is in the result store. */
  rowsTruncated: boolean;
  /** The first 500 of them; every row names its own. */
  invocations: InvocationRef[];
  /** Where the rows with their whole output are, on the worker's result store; `path` is empty where no target was read. */
  resultStore: { workflowId: string; runId: string; path: string; rows: number };
  startedAt: string;
  finishedAt: string;
}
