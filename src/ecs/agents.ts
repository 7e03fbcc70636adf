/** Agents of Cloud Assistant: their status, and installing them. */
import { DescribeCloudAssistantStatusRequest, InstallCloudAssistantRequest } from '@alicloud/ecs20140526';
import { inChunks } from './paging';
import type { EcsTransport } from './transport';

export interface AgentStatus {
  instanceId: string;
  /** A heartbeat within the last two minutes. */
  alive: boolean;
  /** Empty where the agent does not run. */
  version: string;
  lastHeartbeatAt: string;
  activeTasks: number;
  invocations: number;
}

export interface AgentCalls {
  /** 50 ids a call; one id that is no instance refuses its call. */
  describeAgents(region: string, instanceIds: string[]): Promise<AgentStatus[]>;
  /** At most 50 ids. Takes effect with the next start of each instance; no ClientToken, and none needed: twice is as once. */
  installAgents(region: string, instanceIds: string[]): Promise<void>;
}

export const AGENTS_PER_CALL = 50;

export function agentCalls(transport: EcsTransport): AgentCalls {
  return {
    async describeAgents(region, instanceIds) {
      const agents: AgentStatus[] = [];
      for (const ids of inChunks(instanceIds, AGENTS_PER_CALL)) {
        const request = new DescribeCloudAssistantStatusRequest({
          regionId: region,
          instanceId: ids,
          pageSize: 50,
        });
        const body = await transport.call('DescribeCloudAssistantStatus', region, (sdk) =>
          sdk.describeCloudAssistantStatus(request),
        );
        for (const s of body.instanceCloudAssistantStatusSet?.instanceCloudAssistantStatus ?? []) {
          agents.push({
            instanceId: s.instanceId ?? '',
            alive: s.cloudAssistantStatus === 'true',
            version: s.cloudAssistantVersion ?? '',
            lastHeartbeatAt: s.lastHeartbeatTime ?? '',
            activeTasks: s.activeTaskCount ?? 0,
            invocations: s.invocationCount ?? 0,
          });
        }
      }
      return agents;
    },

    async installAgents(regionId, instanceId) {
      const request = new InstallCloudAssistantRequest({ regionId, instanceId });
      await transport.call('InstallCloudAssistant', regionId, (sdk) => sdk.installCloudAssistant(request));
    },
  };
}
