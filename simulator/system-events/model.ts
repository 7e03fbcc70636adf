/**
 * A system event and the words and numbers the API has for it. The rule: plain data that can be saved; numbers
 * stand here beside their names and nowhere else.
 */

/** The life of an event as the API shows it. */
export const CYCLE_STATUSES = [
  'Scheduled',
  'Inquiring',
  'Executing',
  'Executed',
  'Avoided',
  'Canceled',
  'Failed',
] as const;
/** One of them. */
export type CycleStatus = (typeof CYCLE_STATUSES)[number];

/** The numbers of the life; 10, 12 and 26 are not documented and chosen here. */
const CYCLE_CODES: Readonly<Record<CycleStatus, number>> = {
  Executed: 0,
  Avoided: 8,
  Canceled: 10,
  Failed: 12,
  Scheduled: 24,
  Executing: 26,
  Inquiring: 28,
};

/** The numbers of the types; only 1, 3, 9, 34, 65 and 66 have been seen in real answers. */
export const EVENT_TYPES: Readonly<Record<string, number>> = {
  'SystemMaintenance.Reboot': 1,
  'SystemMaintenance.Stop': 2,
  'SystemMaintenance.RebootAndIsolateErrorDisk': 3,
  'SystemMaintenance.RebootAndReInitErrorDisk': 4,
  'SystemMaintenance.IsolateErrorDisk': 5,
  'SystemMaintenance.ReInitErrorDisk': 6,
  'SystemMaintenance.StopAndRepair': 7,
  'SystemMaintenance.CleanInactiveDisks': 8,
  'SystemMaintenance.Redeploy': 9,
  'SystemUpgrade.Migrate': 10,
  'InstanceExpiration.Delete': 33,
  'InstanceExpiration.Stop': 34,
  'AccountUnbalanced.Stop': 35,
  'AccountUnbalanced.Delete': 36,
  'SecurityPunish.Locked': 37,
  'SecurityPunish.WebsiteBanned': 38,
  'SystemFailure.Reboot': 65,
  'SystemFailure.Delete': 66,
  'SystemFailure.Redeploy': 67,
  'SystemFailure.Stop': 68,
  'InstanceFailure.Reboot': 69,
  'Instance:PreemptibleInstanceInterruption': 80,
};

/** What the spot interruption is called. */
export const INTERRUPTION = 'Instance:PreemptibleInstanceInterruption';

/** What CreateSimulatedSystemEvents takes. */
export const SIMULATED_TYPES: readonly string[] = [
  'SystemMaintenance.Reboot',
  'SystemMaintenance.Redeploy',
  'SystemMaintenance.Stop',
  'SystemFailure.Reboot',
  'SystemFailure.Redeploy',
  'SystemFailure.Stop',
  'InstanceFailure.Reboot',
  INTERRUPTION,
];

/** What it takes with TriggerRealOps. */
export const REAL_OPS_TYPES: readonly string[] = [
  'SystemMaintenance.Reboot',
  'SystemMaintenance.Redeploy',
  'SystemMaintenance.Stop',
  'InstanceFailure.Reboot',
  'SystemFailure.Reboot',
  INTERRUPTION,
];

/** One event. */
export interface SystemEvent {
  readonly eventId: string;
  readonly regionId: string;
  readonly instanceId: string;
  readonly resourceGroupId: string;
  readonly sequence: number;
  readonly type: string;
  readonly publishedAt: number;
  /** Raised by CreateSimulatedSystemEvents. */
  readonly simulated: boolean;
  /** Whether its execution touches the instance. */
  readonly realOps: boolean;
  readonly reason: string;
  readonly reasonCode: string;
  readonly initialNotBefore: number;
  notBefore: number;
  status: CycleStatus;
  /** The API has ordered what avoids it; from then on it does not execute. */
  avoiding: boolean;
  finishedAt: number | undefined;
  /** What it will become by itself. */
  next: { readonly status: CycleStatus; readonly due: number } | undefined;
}

/** True while something can still happen to it. */
export function isOpen(event: Pick<SystemEvent, 'status'>): boolean {
  return ['Scheduled', 'Inquiring', 'Executing'].includes(event.status);
}

/** Unplanned events are being carried out when they become known. */
export function isFailure(type: string): boolean {
  return /^(SystemFailure|InstanceFailure)\./.test(type);
}

/** `EventCycleStatus` of an answer. */
export function cycleView(status: CycleStatus): { Code: number; Name: string } {
  return { Code: CYCLE_CODES[status], Name: status };
}

/** `EventType` of an answer. */
export function typeView(type: string): { Code: number; Name: string } {
  return { Code: EVENT_TYPES[type] ?? 0, Name: type };
}
