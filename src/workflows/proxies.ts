/**
 * Every timeout and retry policy of the product, each with its reason. Workflows take their activities from here.
 *
 * Common to all: ECS being throttled, down or unreachable is waited out with growing gaps (a failure that knows better
 * brings its own nextRetryDelay); what ECS refuses for good arrives as a non-retryable failure.
 */
import { ActivityCancellationType, proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities';

/** Gaps of 1, 2, 4 … 60 s: an outage of an hour costs about 65 attempts. */
const PATIENT = { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '1 minute' } as const;

/** Where a notice of five minutes runs: gaps of 1, 2, 4, 5, 5 … s. */
const PROMPT = { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '5 seconds' } as const;

/**
 * A killed worker is noticed this soon. Activities beat every 2 s (src/activities/beating.ts), so two beats may be late;
 * with the retry's first gap of 1 s and a sticky timeout of 5 s the work goes on within 12 s.
 */
const NOTICED_WITHIN = '6 seconds';

/** Reading targets: a fleet of 10,000 takes some 300 calls at our share of the quota. */
export const reading = proxyActivities<
  Pick<Activities, 'resolveTargets' | 'recheckBatch' | 'checkSavedCommand'>
>({
  startToCloseTimeout: '5 minutes',
  heartbeatTimeout: NOTICED_WITHIN,
  retry: PATIENT,
});

/**
 * Sending a command or a file. One call, so a minute is plenty. After half an hour without an accepted call it is not
 * sent any more: nobody expects it then. A cancel waits for the attempt in flight, which may just have been accepted.
 */
export const dispatching = proxyActivities<Pick<Activities, 'dispatchBatch' | 'dispatchFileBatch'>>({
  startToCloseTimeout: '1 minute',
  heartbeatTimeout: NOTICED_WITHIN,
  scheduleToCloseTimeout: '30 minutes',
  retry: PATIENT,
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
});

/** Reading results: pages of 50. */
export const collecting = proxyActivities<
  Pick<Activities, 'collectResults' | 'collectFileResults' | 'recordBatch'>
>({
  startToCloseTimeout: '5 minutes',
  heartbeatTimeout: NOTICED_WITHIN,
  retry: PATIENT,
});

/** Stopping after a cancel: bounded, so that a cancelled run ends and says what it could not stop. */
export const stopping = proxyActivities<Pick<Activities, 'stopBatch' | 'findFileBatch'>>({
  startToCloseTimeout: '1 minute',
  heartbeatTimeout: NOTICED_WITHIN,
  scheduleToCloseTimeout: '10 minutes',
  retry: PATIENT,
});

/**
 * The watcher's look. It ends within two minutes whatever happens, so that waits registered meanwhile get their turn;
 * the next tick is the retry.
 */
export const watching = proxyActivities<Pick<Activities, 'lookAtWaits'>>({
  startToCloseTimeout: '1 minute',
  heartbeatTimeout: NOTICED_WITHIN,
  scheduleToCloseTimeout: '2 minutes',
  retry: PATIENT,
});

/** Reading an event, its instance and its disks: one or two calls each. */
export const readingEvents = proxyActivities<
  Pick<Activities, 'readEvent' | 'readInstanceStatus' | 'listDisks' | 'readSnapshot' | 'readHook'>
>({ startToCloseTimeout: '2 minutes', heartbeatTimeout: NOTICED_WITHIN, retry: PATIENT });

/**
 * RebootInstance: one call. A second attempt never calls, it answers "unknown"; so retrying is safe and quick. It is
 * asked for a minute before NotBefore at the latest and must not lie in a queue beyond: no worker within that minute
 * means that it is not called.
 */
export const rebooting = proxyActivities<Pick<Activities, 'rebootInstance'>>({
  scheduleToStartTimeout: '1 minute',
  startToCloseTimeout: '1 minute',
  heartbeatTimeout: NOTICED_WITHIN,
  retry: PATIENT,
});

/** CreateSnapshot carries a ClientToken; after half an hour without an answer the hook has failed. */
export const snapshotting = proxyActivities<Pick<Activities, 'createSnapshot'>>({
  startToCloseTimeout: '1 minute',
  heartbeatTimeout: NOTICED_WITHIN,
  scheduleToCloseTimeout: '30 minutes',
  retry: PATIENT,
});

/** One knock or one webhook call; the workflow decides about another. */
export const knocking = proxyActivities<Pick<Activities, 'knock' | 'callHook'>>({
  startToCloseTimeout: '30 seconds',
  heartbeatTimeout: NOTICED_WITHIN,
  retry: { maximumAttempts: 3 },
});

/** Telling people is tried for an hour; the attention attribute stands whether or not it got through. */
export const telling = proxyActivities<Pick<Activities, 'notify'>>({
  startToCloseTimeout: '30 seconds',
  scheduleToCloseTimeout: '1 hour',
  retry: PATIENT,
});

/** The same for what comes again every five minutes: the next look is the retry. */
export const tellingSoon = proxyActivities<Pick<Activities, 'notify'>>({
  startToCloseTimeout: '30 seconds',
  scheduleToCloseTimeout: '4 minutes',
  retry: PATIENT,
});

/** Standing behind a wait: one look an attempt, the gaps come with the failures. */
export const standingBy = proxyActivities<Pick<Activities, 'lookUntilOver'>>({
  startToCloseTimeout: '1 minute',
  heartbeatTimeout: NOTICED_WITHIN,
  retry: PATIENT,
});

/** The patrol's look ends within two minutes; the next one is the retry. */
export const patrolling = proxyActivities<Pick<Activities, 'lookForEvents'>>({
  startToCloseTimeout: '1 minute',
  heartbeatTimeout: NOTICED_WITHIN,
  scheduleToCloseTimeout: '2 minutes',
  retry: PATIENT,
});

/** The patrol's look for reclaims: the next one comes in seconds, and is the better retry. */
export const lookingForReclaims = proxyActivities<Pick<Activities, 'lookForReclaims'>>({
  startToCloseTimeout: '20 seconds',
  heartbeatTimeout: NOTICED_WITHIN,
  scheduleToCloseTimeout: '30 seconds',
  retry: PROMPT,
});

/** A report: somebody waits for it, so it fails rather than waiting an outage out. */
export const reporting = proxyActivities<Pick<Activities, 'reportEvents' | 'reportSpot'>>({
  startToCloseTimeout: '1 minute',
  heartbeatTimeout: NOTICED_WITHIN,
  scheduleToCloseTimeout: '2 minutes',
  retry: PATIENT,
});

/** A drill's own calls. Each looks before it acts; after a quarter of an hour nobody expects the drill any more. */
export const drilling = proxyActivities<
  Pick<
    Activities,
    | 'raiseDrill'
    | 'startHandler'
    | 'readHandler'
    | 'cancelDrill'
    | 'raiseReclaim'
    | 'startRescue'
    | 'readRescue'
  >
>({
  startToCloseTimeout: '1 minute',
  heartbeatTimeout: NOTICED_WITHIN,
  scheduleToCloseTimeout: '15 minutes',
  retry: PATIENT,
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
});

/**
 * Asking the gate: one signal an attempt, as often as needed; the gaps come with the failures. What gives up waits for
 * the attempt in flight: it would ask again for what was just withdrawn.
 */
export const askingGate = proxyActivities<Pick<Activities, 'askGate'>>({
  startToCloseTimeout: '15 seconds',
  heartbeatTimeout: NOTICED_WITHIN,
  retry: PATIENT,
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
});

/** Giving keys back: one signal, tried until the gate has it; others wait for them. */
export const releasingGate = proxyActivities<Pick<Activities, 'releaseGate'>>({
  startToCloseTimeout: '30 seconds',
  retry: PATIENT,
});

/** The gate's look at its holders ends within a minute; the next one is the retry. */
export const gating = proxyActivities<Pick<Activities, 'lookAtHolders'>>({
  startToCloseTimeout: '30 seconds',
  heartbeatTimeout: NOTICED_WITHIN,
  scheduleToCloseTimeout: '1 minute',
  retry: PATIENT,
});

/** Reading a spot instance and its copies: a few calls. Every second of the notice counts, so the gaps stay short. */
export const readingSpot = proxyActivities<
  Pick<
    Activities,
    | 'readSpot'
    | 'readSpotExtras'
    | 'readNotice'
    | 'findRescueImage'
    | 'findWarmImage'
    | 'readImage'
    | 'findOlderWarm'
  >
>({ startToCloseTimeout: '1 minute', heartbeatTimeout: NOTICED_WITHIN, retry: PROMPT });

/**
 * CreateImage and CreateSnapshot of an instance that is being taken back: as often as the notice allows, for an instance
 * that is just rebooting, or a disk that is just being copied, is ready in a moment. Six minutes after the first try the
 * instance is gone.
 */
export const saving = proxyActivities<Pick<Activities, 'createImage' | 'createDiskSnapshot'>>({
  startToCloseTimeout: '30 seconds',
  heartbeatTimeout: NOTICED_WITHIN,
  scheduleToCloseTimeout: '6 minutes',
  retry: PROMPT,
});

/** Copies that nobody waits for: of snapshots that exist, or ahead of any reclaim. */
export const copying = proxyActivities<Pick<Activities, 'createImage'>>({
  startToCloseTimeout: '1 minute',
  heartbeatTimeout: NOTICED_WITHIN,
  scheduleToCloseTimeout: '30 minutes',
  retry: PATIENT,
});

/** Asking that disks live on is worth something only during the notice. */
export const keeping = proxyActivities<Pick<Activities, 'setDeleteWithInstance'>>({
  startToCloseTimeout: '30 seconds',
  heartbeatTimeout: NOTICED_WITHIN,
  scheduleToCloseTimeout: '6 minutes',
  retry: PROMPT,
});

/** Finding a place, and RunInstances: an outage is waited out, as what was saved is safe. */
export const launching = proxyActivities<Pick<Activities, 'rankPlaces' | 'launchInstance'>>({
  startToCloseTimeout: '1 minute',
  heartbeatTimeout: NOTICED_WITHIN,
  retry: PATIENT,
});

/** An address and disks for the replacement: each attempt looks, and does the next step. After a quarter of an hour a person has to. */
export const settling = proxyActivities<Pick<Activities, 'moveEip' | 'attachDisk'>>({
  startToCloseTimeout: '30 seconds',
  heartbeatTimeout: NOTICED_WITHIN,
  scheduleToCloseTimeout: '15 minutes',
  retry: PROMPT,
});

/** Deleting old copies: nothing hurries. */
export const discarding = proxyActivities<Pick<Activities, 'deleteCopies' | 'snapshotsOfImages'>>({
  startToCloseTimeout: '5 minutes',
  heartbeatTimeout: NOTICED_WITHIN,
  retry: PATIENT,
});

/** Saved commands: a few calls, and somebody waits for them. */
export const managing = proxyActivities<
  Pick<
    Activities,
    | 'createSavedCommand'
    | 'listSavedCommands'
    | 'findSavedCommand'
    | 'editSavedCommand'
    | 'deleteSavedCommand'
  >
>({
  startToCloseTimeout: '1 minute',
  heartbeatTimeout: NOTICED_WITHIN,
  scheduleToCloseTimeout: '5 minutes',
  retry: PATIENT,
});

/** Looking at timed commands: somebody waits for it. Every occurrence of a large one is some hundred pages. */
export const lookingAtTimed = proxyActivities<
  Pick<Activities, 'findTimed' | 'readTimed' | 'listTimed' | 'showTimed' | 'collectHistory'>
>({
  startToCloseTimeout: '5 minutes',
  heartbeatTimeout: NOTICED_WITHIN,
  scheduleToCloseTimeout: '10 minutes',
  retry: PATIENT,
});

/** Its targets: as those of a run. */
export const resolvingTimed = proxyActivities<Pick<Activities, 'resolveTimed'>>({
  startToCloseTimeout: '5 minutes',
  heartbeatTimeout: NOTICED_WITHIN,
  scheduleToCloseTimeout: '30 minutes',
  retry: PATIENT,
});

/** One part of a timed command, one call; see dispatching. */
export const sendingTimed = proxyActivities<Pick<Activities, 'dispatchTimed'>>({
  startToCloseTimeout: '1 minute',
  heartbeatTimeout: NOTICED_WITHIN,
  scheduleToCloseTimeout: '30 minutes',
  retry: PATIENT,
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
});

/** Stopping it, and seeing that it is: an outage is waited out, for it would go on. */
export const stoppingTimed = proxyActivities<Pick<Activities, 'stopTimed'>>({
  startToCloseTimeout: '5 minutes',
  heartbeatTimeout: NOTICED_WITHIN,
  scheduleToCloseTimeout: '30 minutes',
  retry: PATIENT,
});

/** A preview: somebody waits for it; a fleet of 10,000 takes some 300 calls at our share of the quota. */
export const previewing = proxyActivities<Pick<Activities, 'previewRun'>>({
  startToCloseTimeout: '5 minutes',
  heartbeatTimeout: NOTICED_WITHIN,
  scheduleToCloseTimeout: '10 minutes',
  retry: PATIENT,
});

/** A report on agents, or a look before they are installed: somebody waits for it; 10,000 instances take some 300 calls. */
export const readingAgents = proxyActivities<
  Pick<Activities, 'reportAgents' | 'surveyAgents' | 'readAgentPlan' | 'recordAgents'>
>({
  startToCloseTimeout: '5 minutes',
  heartbeatTimeout: NOTICED_WITHIN,
  scheduleToCloseTimeout: '30 minutes',
  retry: PATIENT,
});

/** InstallCloudAssistant: one call; twice is as once. Half an hour later nobody expects it. A cancel waits for the call in flight. */
export const installingAgents = proxyActivities<Pick<Activities, 'installOnBatch'>>({
  startToCloseTimeout: '1 minute',
  heartbeatTimeout: NOTICED_WITHIN,
  scheduleToCloseTimeout: '30 minutes',
  retry: PATIENT,
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
});

/** Reading one agent, before and after the reboot of its instance: an outage is waited out, for the instance is ours. */
export const lookingAtAgent = proxyActivities<Pick<Activities, 'readAgent'>>({
  startToCloseTimeout: '1 minute',
  heartbeatTimeout: NOTICED_WITHIN,
  retry: PATIENT,
});

/**
 * Reading a fleet by its tag: one of 10,000 takes some 120 calls at our share of the quota. What cannot be read for half
 * an hour has missed its time; the run ends with the reason, and the next boundary looks again.
 */
export const lookingAtFleet = proxyActivities<
  Pick<Activities, 'selectByTag' | 'countUnwanted' | 'findHolders'>
>({
  startToCloseTimeout: '5 minutes',
  heartbeatTimeout: NOTICED_WITHIN,
  scheduleToCloseTimeout: '30 minutes',
  retry: PATIENT,
});

/**
 * StartInstances and StopInstances: one look and one call. Every attempt looks first, so retrying is safe. Nobody expects
 * a start or stop half an hour later. A cancel waits for the attempt in flight, which may just have been accepted.
 */
export const switching = proxyActivities<Pick<Activities, 'actOnBatch'>>({
  startToCloseTimeout: '1 minute',
  heartbeatTimeout: NOTICED_WITHIN,
  scheduleToCloseTimeout: '30 minutes',
  retry: PATIENT,
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
});

/** Reading what became of instances, and writing their rows; an outage is waited out, for the calls have been made. */
export const recording = proxyActivities<Pick<Activities, 'settleBatch' | 'recordInstances'>>({
  startToCloseTimeout: '5 minutes',
  heartbeatTimeout: NOTICED_WITHIN,
  retry: PATIENT,
});

/** Asking and telling the workflow of working hours, through Temporal's own client. */
export const planningHours = proxyActivities<Pick<Activities, 'planHours' | 'tellHours'>>({
  startToCloseTimeout: '30 seconds',
  scheduleToCloseTimeout: '30 minutes',
  retry: PATIENT,
});

/** A report on working hours: somebody waits for it, so it fails rather than waiting an outage out. */
export const reportingHours = proxyActivities<Pick<Activities, 'reportHours'>>({
  startToCloseTimeout: '2 minutes',
  heartbeatTimeout: NOTICED_WITHIN,
  scheduleToCloseTimeout: '3 minutes',
  retry: PATIENT,
});
