/** Names and ids of the workflows around system events. */

export const PATROL_REGION = 'patrolRegion';
export const HANDLE_SYSTEM_EVENT = 'handleSystemEvent';

export function patrolIdOf(account: string, region: string): string {
  return `patrol/${account}/${region}`;
}

/** An id means once: an event is handled under this id and no other. */
export function systemEventIdOf(account: string, region: string, eventId: string): string {
  return `system-event/${account}/${region}/${eventId}`;
}

export const REPORT_SYSTEM_EVENTS = 'reportSystemEvents';
export const DRILL_SYSTEM_EVENT = 'drillSystemEvent';

/** One drill an instance at a time. */
export function drillIdOf(account: string, region: string, instanceId: string): string {
  return `drill/${account}/${region}/${instanceId}`;
}

/** Reports are many; `nonce` tells them apart. */
export function reportIdOf(account: string, region: string, nonce: string): string {
  return `event-report/${account}/${region}/${nonce}`;
}
