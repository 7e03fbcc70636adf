/**
 * The ECS actions each feature calls: the one list from which the minimal RAM policies come. A call that is not here is
 * a defect; test/skipping/permissions.test.ts runs each feature under its policy on a simulator that enforces it.
 */

export const FEATURES = {
  runCommand: [
    'DescribeInstances',
    'ListTagResources',
    'DescribeCloudAssistantStatus',
    'RunCommand',
    'DescribeInvocations',
    'DescribeInvocationResults',
    'StopInvocation',
  ],
  sendFile: [
    'DescribeInstances',
    'ListTagResources',
    'DescribeCloudAssistantStatus',
    'SendFile',
    'DescribeSendFileResults',
  ],
  /** Beside those of runCommand. */
  savedCommands: ['CreateCommand', 'DescribeCommands', 'ModifyCommand', 'InvokeCommand', 'DeleteCommand'],
  agents: [
    'DescribeInstances',
    'ListTagResources',
    'DescribeCloudAssistantStatus',
    'InstallCloudAssistant',
    'RebootInstance',
  ],
  /** Beside those of runCommand, by which the boot is witnessed, health is checked and command hooks are run. */
  systemEvents: [
    'DescribeInstanceHistoryEvents',
    'DescribeInstances',
    'ListTagResources',
    'RebootInstance',
    'DescribeDisks',
    'CreateSnapshot',
    'DescribeSnapshots',
    'CreateSimulatedSystemEvents',
    'CancelSimulatedSystemEvents',
  ],
  /** Beside those of runCommand, by which health is checked and command hooks are run. */
  spot: [
    'DescribeInstances',
    'ListTagResources',
    'DescribeDisks',
    'DescribeUserData',
    'DescribeInstanceRamRole',
    'ModifyDiskAttribute',
    'CreateImage',
    'DescribeImages',
    'CreateSnapshot',
    'DescribeSnapshots',
    'DescribeVSwitches',
    'DescribeAvailableResource',
    'DescribeSpotPriceHistory',
    'DescribeSpotAdvice',
    'RunInstances',
    'AttachDisk',
    'DescribeEipAddresses',
    'AssociateEipAddress',
    'UnassociateEipAddress',
    'DeleteImage',
    'DeleteSnapshot',
    'DeleteDisk',
    'DescribeInstanceHistoryEvents',
    'CreateSimulatedSystemEvents',
  ],
  /** Hooks before a stop and health between groups are commands: then those of runCommand as well. */
  workingHours: ['ListTagResources', 'DescribeInstances', 'StartInstances', 'StopInstances'],
} as const;

export type Feature = keyof typeof FEATURES;

export interface RamPolicy {
  Version: '1';
  Statement: { Effect: 'Allow'; Action: string[]; Resource: string }[];
}

/** The least a RAM user or role needs for `features`. */
export function ramPolicyFor(features: readonly Feature[]): RamPolicy {
  const actions = [...new Set(features.flatMap((feature) => [...FEATURES[feature]]))];
  return {
    Version: '1',
    Statement: [{ Effect: 'Allow', Action: actions.map((action) => `ecs:${action}`), Resource: '*' }],
  };
}
