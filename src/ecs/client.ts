/**
 * The typed client: only the calls we use, in our names, every list paged to its end.
 *
 * The one rule: the SDK's model classes and the API's casing stop in this folder. What leaves are plain objects.
 */
import { cloudAssistantCalls } from './cloud-assistant';
import type { CloudAssistantCalls } from './cloud-assistant';
import { instanceCalls } from './instances';
import type { InstanceCalls } from './instances';
import { systemEventCalls } from './system-events';
import type { SystemEventCalls } from './system-events';
import { EcsTransport } from './transport';
import type { EcsOptions } from './transport';

export type EcsClient = InstanceCalls & CloudAssistantCalls & SystemEventCalls;

/** The client over the real SDK. One per worker: it holds the quota of its account. */
export function createEcsClient(options: EcsOptions = {}): EcsClient {
  const transport = new EcsTransport(options);
  return { ...instanceCalls(transport), ...cloudAssistantCalls(transport), ...systemEventCalls(transport) };
}
