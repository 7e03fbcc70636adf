/**
 * ModifyInstanceAttribute. The rule: everything is checked before anything is changed.
 */
import { defineAction, EcsError, errors, flag, ignored, list, rawText, requireInstance, text } from '../core';
import { isLocked } from '../model/instance';
import { nameRules, passwordRules, userData } from './launch-params';

/** ModifyInstanceAttribute. */
export const modifyInstanceAttribute = defineAction({
  name: 'ModifyInstanceAttribute',
  required: ['InstanceId'],
  quota: 'mutate',
  params: {
    InstanceId: text(),
    InstanceName: nameRules,
    HostName: text({
      min: 2,
      max: 64,
      pattern: /^[A-Za-z0-9][A-Za-z0-9.-]*$/,
      bad: [400, 'InvalidHostName.Malformed', 'The specified HostName is malformed.'],
    }),
    Description: rawText(),
    Password: passwordRules,
    UserData: userData,
    DeletionProtection: flag(),
    Recyclable: ignored(),
    CreditSpecification: text({ oneOf: ['Standard', 'Unlimited'] }),
    SecurityGroupIds: list(text(), { max: 16 }),
    CpuOptions: ignored(),
    EnableJumboFrame: ignored(),
    EnableNetworkEncryption: ignored(),
    NetworkInterfaceQueueNumber: ignored(),
    PrivateDnsNameOptions: ignored(),
    RemoteConnectionOptions: ignored(),
  },
  handle(context, params) {
    const instance = requireInstance(context, params.InstanceId);
    if (isLocked(instance, 'security')) throw errors.lockedForSecurity();
    if (params.HostName !== undefined && ['Pending', 'Starting'].includes(instance.status))
      throw errors.incorrectStatus();
    const groups = context.simulation.world.region(instance.regionId).securityGroups;
    if (params.SecurityGroupIds.some((id) => !groups.has(id)))
      throw new EcsError(
        404,
        'InvalidSecurityGroupId.NotFound',
        'The specified SecurityGroupId does not exist.',
      );
    instance.name = params.InstanceName ?? instance.name;
    instance.hostName = params.HostName ?? instance.hostName;
    instance.description = params.Description ?? instance.description;
    instance.userData = params.UserData ?? instance.userData;
    instance.deletionProtection = params.DeletionProtection ?? instance.deletionProtection;
    instance.creditSpecification = params.CreditSpecification ?? instance.creditSpecification;
    if (params.SecurityGroupIds.length > 0) instance.securityGroupIds = [...params.SecurityGroupIds];
    context.effect('instance.modified', instance.instanceId, instance.regionId);
    return {};
  },
});
