/**
 * The typed client: only the calls we use, in our names, every list paged to its end.
 *
 * The one rule: the SDK's model classes and the API's casing stop in this folder. What leaves are plain objects.
 */
import { agentCalls } from './agents';
import type { AgentCalls } from './agents';
import { cloudAssistantCalls } from './cloud-assistant';
import type { CloudAssistantCalls } from './cloud-assistant';
import { fileCalls } from './files';
import type { FileCalls } from './files';
import { instanceCalls } from './instances';
import type { InstanceCalls } from './instances';
import { diskCalls } from './disks';
import type { DiskCalls } from './disks';
import { imageCalls } from './images';
import type { ImageCalls } from './images';
import { spotCalls } from './spot';
import type { SpotCalls } from './spot';
import { lifecycleCalls } from './lifecycle';
import type { LifecycleCalls } from './lifecycle';
import { savedCommandCalls } from './saved-commands';
import type { SavedCommandCalls } from './saved-commands';
import { systemEventCalls } from './system-events';
import type { SystemEventCalls } from './system-events';
import { timedCommandCalls } from './timed-commands';
import type { TimedCommandCalls } from './timed-commands';
import { EcsTransport } from './transport';
import type { EcsOptions } from './transport';

export type EcsClient = InstanceCalls &
  AgentCalls &
  CloudAssistantCalls &
  FileCalls &
  SavedCommandCalls &
  TimedCommandCalls &
  SystemEventCalls &
  SpotCalls &
  ImageCalls &
  DiskCalls &
  LifecycleCalls;

/** Two clients of one account: what is urgent has a share of each API's quota that ordinary calls cannot use up. */
export interface EcsClients {
  ordinary: EcsClient;
  urgent: EcsClient;
}

/** The clients over the real SDK. One pair per worker: it holds the quota of its account. */
export function createEcsClients(options: EcsOptions = {}): EcsClients {
  const transport = new EcsTransport(options);
  return { ordinary: callsOf(transport), urgent: callsOf(new EcsTransport(options, 'urgent', transport)) };
}

function callsOf(transport: EcsTransport): EcsClient {
  return {
    ...instanceCalls(transport),
    ...agentCalls(transport),
    ...cloudAssistantCalls(transport),
    ...fileCalls(transport),
    ...savedCommandCalls(transport),
    ...timedCommandCalls(transport),
    ...systemEventCalls(transport),
    ...spotCalls(transport),
    ...imageCalls(transport),
    ...diskCalls(transport),
    ...lifecycleCalls(transport),
  };
}
