/**
 * StartInstance, StopInstance, RebootInstance, DeleteInstance and their batch forms.
 * The rule: AllTogether checks all members before it changes one; SuccessFirst answers row by row.
 */
import type { ActionContext, Answer } from '../core';
import { defineAction, EcsError, errors, flag, ignored, list, requireInstance, text } from '../core';
import type { Instance } from '../model/instance';
import {
  requireReleasable,
  requireRebootable,
  requireStartable,
  requireStoppable,
  stopMode,
} from './lifecycle-rules';

type StoppedMode = 'KeepCharging' | 'StopCharging';

const stoppedMode = text({
  oneOf: ['KeepCharging', 'StopCharging'],
  bad: [400, 'InvalidStoppedMode.ValueNotSupported', 'The specified StoppedMode is not supported.'],
});
const instanceIds = list(text(), {
  max: 100,
  tooMany: [403, 'InstanceIdLimitExceeded', 'The number of InstanceId.N exceeds 100.'],
});
const batchOptimization = text({ oneOf: ['AllTogether', 'SuccessFirst'] });
const batchParams = {
  RegionId: text(),
  InstanceId: instanceIds,
  BatchOptimization: batchOptimization,
  DryRun: flag(),
};

/** A lifecycle operation on one instance: its check and its effect. */
interface Operation {
  check(instance: Instance): void;
  act(instance: Instance): void;
}

function starting(context: ActionContext): Operation {
  const { world, instances } = context.simulation;
  return {
    check: (instance) => requireStartable(context, instance),
    act(instance) {
      if (instance.stoppedMode === 'StopCharging')
        world.region(instance.regionId).takeStock(instance.zoneId, instance.instanceType, 1);
      instances.start(instance, context.requestId);
    },
  };
}

function stopping(context: ActionContext, forced: boolean, mode: string | undefined): Operation {
  const modes = new Map<string, StoppedMode>();
  return {
    check(instance) {
      requireStoppable(context, instance);
      modes.set(instance.instanceId, stopMode(context, instance, mode));
    },
    act: (instance) =>
      context.simulation.instances.stop(instance, {
        forced,
        mode: modes.get(instance.instanceId),
        requestId: context.requestId,
      }),
  };
}

function rebooting(context: ActionContext, forced: boolean): Operation {
  return {
    check: (instance) => requireRebootable(context, instance),
    act: (instance) => context.simulation.instances.reboot(instance, forced, context.requestId),
  };
}

function single(context: ActionContext, instanceId: string, operation: Operation): Answer {
  const instance = requireInstance(context, instanceId);
  operation.check(instance);
  operation.act(instance);
  return {};
}

interface BatchRequest {
  readonly InstanceId: readonly string[];
  readonly BatchOptimization?: string | undefined;
  readonly DryRun?: boolean | undefined;
}

function batch(context: ActionContext, request: BatchRequest, operation: Operation): Answer {
  const ids = [...new Set(request.InstanceId)];
  const successFirst = request.BatchOptimization === 'SuccessFirst';
  const dryRun = request.DryRun ?? false;
  if (dryRun && successFirst) throw errors.dryRunBatch();
  if (!successFirst) for (const id of ids) operation.check(inRegion(context, id));
  if (dryRun) throw errors.dryRunBatch();
  const rows = ids.map((id) => member(context, id, operation));
  return { InstanceResponses: { InstanceResponse: rows } };
}

function inRegion(context: ActionContext, instanceId: string): Instance {
  const instance = context.region.instances.get(instanceId);
  if (!instance) throw errors.instanceNotFound();
  return instance;
}

function member(context: ActionContext, instanceId: string, operation: Operation): Record<string, string> {
  const known = context.region.instances.get(instanceId);
  const previous = known?.status ?? '';
  try {
    const instance = inRegion(context, instanceId);
    operation.check(instance);
    operation.act(instance);
    return {
      InstanceId: instanceId,
      Code: '200',
      Message: 'success',
      PreviousStatus: previous,
      CurrentStatus: instance.status,
    };
  } catch (error) {
    if (!(error instanceof EcsError)) throw error;
    return {
      InstanceId: instanceId,
      Code: error.code,
      Message: error.message,
      PreviousStatus: previous,
      CurrentStatus: previous,
    };
  }
}

/** StartInstance. */
export const startInstance = defineAction({
  name: 'StartInstance',
  required: ['InstanceId'],
  quota: 'mutate',
  dryRun: true,
  params: { InstanceId: text(), InitLocalDisk: flag() },
  handle: (context, params) => single(context, params.InstanceId, starting(context)),
});

/** StartInstances. */
export const startInstances = defineAction({
  name: 'StartInstances',
  required: ['InstanceId', 'RegionId'],
  quota: 'mutate',
  params: batchParams,
  handle: (context, params) => batch(context, params, starting(context)),
});

/** StopInstance. */
export const stopInstance = defineAction({
  name: 'StopInstance',
  required: ['InstanceId'],
  quota: 'mutate',
  dryRun: true,
  params: {
    InstanceId: text(),
    ForceStop: flag(),
    StoppedMode: stoppedMode,
    ConfirmStop: ignored(),
    Hibernate: flag(),
  },
  handle: (context, params) =>
    single(context, params.InstanceId, stopping(context, params.ForceStop ?? false, params.StoppedMode)),
});

/** StopInstances. */
export const stopInstances = defineAction({
  name: 'StopInstances',
  required: ['InstanceId', 'RegionId'],
  quota: 'mutate',
  params: { ...batchParams, ForceStop: flag(), StoppedMode: stoppedMode },
  handle: (context, params) =>
    batch(context, params, stopping(context, params.ForceStop ?? false, params.StoppedMode)),
});

/** RebootInstance. */
export const rebootInstance = defineAction({
  name: 'RebootInstance',
  required: ['InstanceId'],
  quota: 'mutate',
  dryRun: true,
  params: { InstanceId: text(), ForceStop: flag() },
  handle: (context, params) =>
    single(context, params.InstanceId, rebooting(context, params.ForceStop ?? false)),
});

/** RebootInstances. */
export const rebootInstances = defineAction({
  name: 'RebootInstances',
  required: ['InstanceId', 'RegionId'],
  quota: 'mutate',
  params: { ...batchParams, ForceReboot: flag() },
  handle: (context, params) => batch(context, params, rebooting(context, params.ForceReboot ?? false)),
});

const releaseParams = { Force: flag(), ForceStop: flag(), TerminateSubscription: ignored() };

/** DeleteInstance. */
export const deleteInstance = defineAction({
  name: 'DeleteInstance',
  required: ['InstanceId'],
  quota: 'mutate',
  dryRun: true,
  params: { InstanceId: text(), ...releaseParams },
  handle(context, params) {
    const instance = requireInstance(context, params.InstanceId);
    requireReleasable(instance, params.Force ?? false);
    context.simulation.instances.release(instance, params.ForceStop ?? false, context.requestId);
    return {};
  },
});

/** DeleteInstances: one bad id fails all. */
export const deleteInstances = defineAction({
  name: 'DeleteInstances',
  required: ['InstanceId', 'RegionId'],
  quota: 'mutate',
  clientToken: [400, 'InvalidClientToken.ValueNotSupported', 'The ClientToken provided is invalid.'],
  params: { RegionId: text(), InstanceId: instanceIds, DryRun: flag(), ...releaseParams },
  handle(context, params) {
    const ids = [...new Set(params.InstanceId)];
    const members = ids.map((id) => inRegion(context, id));
    for (const instance of members) requireReleasable(instance, params.Force ?? false);
    if (params.DryRun) throw errors.dryRunBatch();
    for (const instance of members)
      context.simulation.instances.release(instance, params.ForceStop ?? false, context.requestId);
    return {};
  },
});
