/**
 * DescribeCloudAssistantStatus and InstallCloudAssistant: the agents. The rule: an agent is alive when it has been
 * heard of within two minutes, and what is installed now works after the next start.
 */
import { cloudAssistant } from '../assistant';
import { defineAction, missingParam, pageParams, seconds, text } from '../core';
import type { ActionContext } from '../core';
import type { Instance } from '../model/instance';
import { isAgentAlive, lastHeartbeat } from '../model/instance';
import { ASSISTANT_PAGES, byId, instanceIds } from './assistant-params';

/** DescribeCloudAssistantStatus. */
export const describeCloudAssistantStatus = defineAction({
  name: 'DescribeCloudAssistantStatus',
  required: ['RegionId'],
  quota: 'describe',
  params: {
    RegionId: text(),
    InstanceId: instanceIds(50),
    OSType: text(),
    ...pageParams(ASSISTANT_PAGES),
  },
  handle(context, params) {
    const { InstanceId: ids, OSType: osType } = params;
    const all = ids.length > 0 ? byId(context, ids) : [...context.region.instances.values()];
    const found = all.filter((instance) => osType === undefined || instance.osType === osType.toLowerCase());
    const page = context.page(
      found,
      (instance) => instance.sequence,
      ids.length > 0 ? { PageSize: found.length, NextToken: undefined } : params,
      ASSISTANT_PAGES,
    );
    const views = page.items.map((instance) => agentView(context, instance));
    return { ...page.fields, InstanceCloudAssistantStatusSet: { InstanceCloudAssistantStatus: views } };
  },
});

function agentView(context: ActionContext, instance: Instance): Record<string, unknown> {
  const isAlive = isAgentAlive(instance, context.now);
  const beat = lastHeartbeat(instance, context.now);
  const assistant = cloudAssistant(context.simulation);
  const used = assistant.usageOf(instance.instanceId);
  return {
    InstanceId: instance.instanceId,
    CloudAssistantStatus: isAlive ? 'true' : 'false',
    CloudAssistantVersion: isAlive ? instance.agent.version : '',
    LastHeartbeatTime: beat === undefined ? '' : seconds(beat),
    OSType: instance.osType === 'windows' ? 'Windows' : 'Linux',
    SupportSessionManager: isAlive,
    ActiveTaskCount: assistant.dispatcher.activeOn(instance.instanceId),
    InvocationCount: used.count,
    LastInvokedTime: used.lastAt === undefined ? '' : seconds(used.lastAt),
  };
}

/** InstallCloudAssistant. */
export const installCloudAssistant = defineAction({
  name: 'InstallCloudAssistant',
  required: ['RegionId', 'InstanceId'],
  missing: missingParam,
  quota: 'mutate',
  dryRun: false,
  params: { RegionId: text(), InstanceId: instanceIds(50) },
  handle(context, params) {
    for (const instance of byId(context, params.InstanceId)) {
      instance.agent.installing = true;
      context.effect('agent.installing', instance.instanceId, instance.regionId);
    }
    return {};
  },
});
