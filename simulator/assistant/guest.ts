/**
 * What an executor is told of an instance and its script. The rule: the executor knows nothing of the API, so all
 * of it is put into words here.
 */
import type { Guest } from '../exec';
import { INSTANCE_TYPES } from '../model/catalog';
import type { Instance } from '../model/instance';
import { ACCOUNT_ID } from '../model/world';
import type { Invocation } from './model';
import { substitute } from './parameters';

/** The guest of a running instance. */
export function guestOf(instance: Instance): Guest {
  const type = INSTANCE_TYPES.get(instance.instanceType);
  return {
    id: instance.instanceId,
    name: instance.name,
    hostName: instance.hostName,
    regionId: instance.regionId,
    osType: instance.osType,
    bootId: instance.bootId,
    bootedAt: instance.startedAt ?? instance.createdAt,
    cpus: type?.cpu ?? 2,
    memoryMb: (type?.memory ?? 4) * 1_024,
    privateIp: instance.privateIp,
    ...(instance.reclaim ? { reclaimedAt: instance.reclaim.due } : {}),
  };
}

/** The script as it runs on one instance: parameters put in where the command has them. */
export function scriptOf(invocation: Invocation, instance: Instance): Buffer {
  const { command, parameters } = invocation;
  if (!command.enableParameter) return command.content;
  const text = substitute(command.content.toString('utf8'), parameters, {
    'ACS::RegionId': invocation.regionId,
    'ACS::AccountId': ACCOUNT_ID,
    'ACS::InstanceId': instance.instanceId,
    'ACS::InstanceName': instance.name,
    'ACS::InvokeId': invocation.invokeId,
    'ACS::CommandId': command.commandId,
  });
  return Buffer.from(text, 'utf8');
}
