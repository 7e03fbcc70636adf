/**
 * The one list of implemented actions. The rule: an action exists when it stands here, and only then.
 */
import type { Action } from '../core';
import { ASSISTANT_ACTIONS } from './assistant';
import { describeAvailableResource } from './available-resource';
import { describeInstanceAttribute, describeInstances, describeInstanceStatus } from './describe-instances';
import { describeInstanceHistoryEvents, describeInstancesFullStatus } from './describe-events';
import { attachDisk, createDisk, deleteDisk, detachDisk, modifyDiskAttribute } from './disk-changes';
import { describeDisks } from './disks';
import {
  allocateEipAddress,
  associateEipAddress,
  describeEipAddresses,
  releaseEipAddress,
  unassociateEipAddress,
} from './eips';
import { describeImages } from './describe-images';
import { copyImage, createImage, deleteImage } from './images';
import { describeInstanceRamRole, describeUserData } from './instance-extras';
import { describeInstanceTypes } from './instance-types';
import {
  deleteInstance,
  deleteInstances,
  rebootInstance,
  rebootInstances,
  startInstance,
  startInstances,
  stopInstance,
  stopInstances,
} from './lifecycle';
import { describeInstanceMaintenanceAttributes, modifyInstanceMaintenanceAttributes } from './maintenance';
import { modifyInstanceAttribute } from './modify-instance';
import { describeSecurityGroups, describeVSwitches } from './network';
import { describeRegions, describeZones } from './regions';
import { runInstances } from './run-instances';
import { createSnapshot, deleteSnapshot, describeSnapshots } from './snapshots';
import { describeSpotAdvice, describeSpotPriceHistory } from './spot';
import {
  acceptInquiredSystemEvent,
  cancelSimulatedSystemEvents,
  createSimulatedSystemEvents,
} from './system-events';
import { listTagResources, tagResources, untagResources } from './tags';

/** Every implemented action. */
export const ACTIONS: readonly Action[] = [
  describeRegions,
  describeZones,
  describeInstanceTypes,
  describeSecurityGroups,
  describeVSwitches,
  describeDisks,
  runInstances,
  describeInstances,
  describeInstanceStatus,
  describeInstanceAttribute,
  describeUserData,
  describeInstanceRamRole,
  modifyInstanceAttribute,
  startInstance,
  startInstances,
  stopInstance,
  stopInstances,
  rebootInstance,
  rebootInstances,
  deleteInstance,
  deleteInstances,
  tagResources,
  untagResources,
  listTagResources,
  describeInstancesFullStatus,
  describeInstanceHistoryEvents,
  acceptInquiredSystemEvent,
  createSimulatedSystemEvents,
  cancelSimulatedSystemEvents,
  modifyInstanceMaintenanceAttributes,
  describeInstanceMaintenanceAttributes,
  createDisk,
  attachDisk,
  detachDisk,
  modifyDiskAttribute,
  deleteDisk,
  createSnapshot,
  describeSnapshots,
  deleteSnapshot,
  createImage,
  describeImages,
  deleteImage,
  copyImage,
  describeAvailableResource,
  describeSpotPriceHistory,
  describeSpotAdvice,
  allocateEipAddress,
  describeEipAddresses,
  associateEipAddress,
  unassociateEipAddress,
  releaseEipAddress,
  ...ASSISTANT_ACTIONS,
];
