/**
 * What can be set about one simulator. The rule: every doubt or contradiction of the documentation is a switch
 * here, defaulting to what the current documentation says.
 */
import { z } from 'zod';

/** How long the provider's own processes take, in milliseconds. */
export interface Durations {
  readonly pending: number;
  readonly starting: number;
  readonly stopping: number;
  readonly forceStopping: number;
  readonly rebooting: number;
  /** From the start of the guest to the first heartbeat of its Cloud Assistant agent. */
  readonly agentBoot: number;
  /** From RunCommand to the start of the command in the guest. */
  readonly delivery: number;
  /** How long a command that cannot be delivered is tried. */
  readonly deliveryTimeout: number;
  /** From the end of a reboot that the API ordered to the event being Avoided. */
  readonly eventAvoided: number;
  /** From the start of an event's execution to its end. */
  readonly eventExecuting: number;
  /** How long lists go on saying Running after RebootInstance, with the switch `statusAfterReboot` on `stale`. */
  readonly staleStatus: number;
  /** Making, attaching or detaching a disk. */
  readonly diskChange: number;
  /** What every snapshot takes, and what each GiB of its disk adds; a tenth of the latter after an earlier one. */
  readonly snapshot: number;
  readonly snapshotPerGiB: number;
  /** What every image takes, and what each GiB of its largest disk adds; a tenth of the latter after a snapshot. */
  readonly image: number;
  readonly imagePerGiB: number;
  /** From the notice of a reclaim to its end. */
  readonly spotNotice: number;
}

/** The defaults: brief enough to watch, long enough to be seen. */
export const DEFAULT_DURATIONS: Durations = {
  pending: 2_000,
  starting: 8_000,
  stopping: 8_000,
  forceStopping: 2_000,
  rebooting: 15_000,
  agentBoot: 5_000,
  delivery: 400,
  deliveryTimeout: 60_000,
  eventAvoided: 5_000,
  eventExecuting: 30_000,
  staleStatus: 3_000,
  diskChange: 2_000,
  snapshot: 5_000,
  snapshotPerGiB: 2_000,
  image: 20_000,
  imagePerGiB: 8_000,
  spotNotice: 300_000,
};

/** The switches, one for each doubt. */
export const switchesSchema = z
  .object({
    /** StopCharging where it is not supported: `ignore` (stops with KeepCharging) or `reject` (403). */
    stopCharging: z.enum(['ignore', 'reject']).default('ignore'),
    /** The account's economical mode: what a stop without StoppedMode does. */
    economicalMode: z.boolean().default(false),
    /** Start after StopCharging can fail for want of stock. */
    startNeedsStock: z.boolean().default(true),
    /** StopInvocation ends scripts that have started (`terminate`) or lets them run on (`leave`). */
    stopInvocation: z.enum(['leave', 'terminate']).default('leave'),
    /** A command for an instance that is not Running: accepted and `Aborted`, or refused at call time. */
    commandOnStopped: z.enum(['abort', 'reject']).default('abort'),
    /** Order of DescribeInvocations: newest first is usual and not promised. */
    invocationOrder: z.enum(['newest', 'oldest', 'random']).default('newest'),
    /** A user on Windows without a password that exists: `row` ends in Error there, `reject` refuses the call. */
    windowsPassword: z.enum(['row', 'reject']).default('row'),
    /** CommandContent limit of kept commands: 24 KB as for all, or the older 18 KB. */
    keptCommandLimit: z.enum(['24K', '18K']).default('24K'),
    /** The status of codes that moved from 403/404 to 400 in newer documents. */
    assistantErrorStatus: z.enum(['2021', '2025']).default('2025'),
    /** Output kept per instance, in bytes. */
    outputLimit: z.number().int().positive().default(24_576),
    /** RunInstances with an image nobody knows: `accept` any well-formed id, or 404. */
    unknownImage: z.enum(['reject', 'accept']).default('reject'),
    /** DeleteImage of an image that does not exist: success or 404. */
    deleteUnknownImage: z.enum(['success', 'reject']).default('success'),
    /** CreateImage with a ClientToken used before: the code of its own table (400), or of all others (403). */
    imageTokenMismatch: z
      .enum(['IdempotenceParamNotMatch', 'IdempotentParameterMismatch'])
      .default('IdempotenceParamNotMatch'),
    /** InvalidAccessKeyId.NotFound is 404 on ECS pages, 400 on others. */
    unknownKeyStatus: z.union([z.literal(404), z.literal(400)]).default(404),
    /** The last page has `NextToken: ""`, or no such field. */
    lastNextToken: z.enum(['empty', 'absent']).default('empty'),
    /** The code of a NextToken that is made up or belongs to another query. */
    badNextToken: z.enum(['InvalidNextToken', 'InvalidParameter']).default('InvalidNextToken'),
    /** Throttling answers carry `x-acs-retry-after`. */
    retryAfterHeader: z.boolean().default(true),
    /** Which status an instance shows while it reboots. */
    rebootStatus: z.enum(['Starting', 'Stopping-Starting']).default('Starting'),
    /** TradePrice of RunInstances: a number, or the string of the documents' sample. */
    tradePrice: z.enum(['number', 'string']).default('number'),
    /** What becomes of an image whose instance is released while it is made. */
    imageOfReleased: z.enum(['survives', 'fails']).default('survives'),
    /** Whether the lock of a reclaim ends when its instance has been stopped, or stays. */
    recyclingAfterStop: z.enum(['lifted', 'kept']).default('lifted'),
    /** What lists say right after RebootInstance: the truth, or for a while still Running. */
    statusAfterReboot: z.enum(['current', 'stale']).default('current'),
    /** What gets ahead of a planned reboot: RebootInstance, or a start after a stop as well. */
    eventAvoidedBy: z.enum(['reboot', 'reboot-or-start']).default('reboot'),
    /** Which events DescribeInstancesFullStatus lists. */
    fullStatusEvents: z.enum(['scheduled', 'scheduled-or-inquiring']).default('scheduled'),
  })
  .strict();

/** All switches. */
export type Switches = z.output<typeof switchesSchema>;
/** Some switches, as they are written. */
export type SwitchesInput = z.input<typeof switchesSchema>;
