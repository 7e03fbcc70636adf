/**
 * What tests of system events share: raising an event, starting its handler, reading policies and the ledger.
 *
 * The one rule: the oracle is the simulator's ledger. A reboot of ours is one that a call asked for; the provider's own
 * carry no request id.
 */
import type { WorkflowHandle } from '@temporalio/client';
import type { EffectRecord } from '../../simulator/core/ledger';
import { HANDLE_SYSTEM_EVENT, systemEventIdOf } from '../../src/domain/event-messages';
import { taskQueueOf } from '../../src/domain/messages';
import type { PolicyFile } from '../../src/domain/policy';
import type { EventPhase, SystemEventProgress, SystemEventResult } from '../../src/domain/system-event';
import { parsePolicyFile } from '../../src/hooks/policy-file';
import { REGION } from './skipping-environment';
import type { Fleet } from './skipping-environment';
import { until } from './until';

export const HOUR = 3_600_000;
export type Handler = WorkflowHandle<() => Promise<SystemEventResult>>;

/** A planned reboot of one of the fleet's instances, `inMs` ahead of the simulator's clock. @returns its id */
export function raise(fleet: Fleet, inMs: number, instance = 0): string {
  return raiseAt(fleet, fleet.simulator.simulation.clock.now() + inMs, instance);
}

/** The same at a moment. */
export function raiseAt(fleet: Fleet, notBefore: number, instance = 0): string {
  const instanceId = fleet.simulator.instanceIds[instance] ?? '';
  const type = 'SystemMaintenance.Reboot';
  return fleet.simulator.simulation.systemEvents.raise({ instanceId, regionId: REGION, type, notBefore })
    .eventId;
}

/** A policy file that has no errors. */
export function policyFile(text: string): PolicyFile {
  const parsed = parsePolicyFile(text);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
  return parsed.file;
}

/** Starts the handler of an event, under its own id unless told. */
export function startHandler(
  fleet: Fleet,
  eventId: string,
  workflowId = systemEventIdOf(fleet.account, REGION, eventId),
): Promise<Handler> {
  return fleet.temporal.client.workflow.start<() => Promise<SystemEventResult>>(HANDLE_SYSTEM_EVENT, {
    taskQueue: taskQueueOf(fleet.account),
    workflowId,
    args: [{ region: REGION, eventId }] as never,
  });
}

export const progressOf = (handle: Handler): Promise<SystemEventProgress> =>
  handle.query<SystemEventProgress>('progress');

/** Resolves when the handler is in a phase. */
export function inPhase(handle: Handler, phase: EventPhase): Promise<void> {
  return until(`it is ${phase}`, async () => (await progressOf(handle)).phase === phase);
}

/** Reboots through the API; of one instance where it is given. */
export function rebootsOf(fleet: Fleet, instance?: number): EffectRecord[] {
  const { ledger } = fleet.simulator.simulation;
  const all = ledger.query({ kind: 'effect', effect: 'instance.rebooting' }) as EffectRecord[];
  const id = instance === undefined ? undefined : fleet.simulator.instanceIds[instance];
  return all.filter((each) => each.requestId !== undefined && (id ?? each.resourceId) === each.resourceId);
}
