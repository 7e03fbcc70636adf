/**
 * When an instance may be started, stopped, rebooted or released. The rule: existence, then locks, then state,
 * then stock, and nothing is changed here.
 */
import type { ActionContext } from '../core';
import { EcsError, errors } from '../core';
import { INSTANCE_TYPES } from '../model/catalog';
import type { Instance } from '../model/instance';
import { isLocked } from '../model/instance';

const START_LOCKS = ['security', 'financial', 'Recycling'];

/** Throws unless the instance may be started. */
export function requireStartable(context: ActionContext, instance: Instance): void {
  requireUnlocked(instance, START_LOCKS);
  if (instance.status !== 'Stopped') throw errors.incorrectStatus();
  const { world, switches, spot } = context.simulation;
  const isCheap = instance.spotPriceLimit < spot.priceOf(instance.zoneId, instance.instanceType);
  if (instance.spotStrategy === 'SpotWithPriceLimit' && isCheap)
    throw new EcsError(
      403,
      'OperationDenied.SpotPriceLowerThanPublicPrice',
      'The price limit is lower than the current price.',
    );
  if (instance.stoppedMode !== 'StopCharging' || !switches.startNeedsStock) return;
  if (world.region(instance.regionId).stockOf(instance.zoneId, instance.instanceType) < 1)
    throw errors.noStock();
}

/** Throws unless the instance may be stopped. */
export function requireStoppable(_context: ActionContext, instance: Instance): void {
  requireUnlocked(instance, ['security']);
  if (instance.status !== 'Running') throw errors.incorrectStatus();
}

/** Throws unless the instance may be rebooted. */
export function requireRebootable(_context: ActionContext, instance: Instance): void {
  requireUnlocked(instance, ['security', 'Recycling']);
  if (instance.status !== 'Running') throw errors.incorrectStatus();
}

/** Throws unless the instance may be released. */
export function requireReleasable(instance: Instance, force: boolean): void {
  if (instance.deletionProtection) throw errors.deletionProtection();
  if (instance.chargeType === 'PrePaid')
    throw new EcsError(
      403,
      'ChargeTypeViolation',
      'The operation is not permitted due to charge type of the instance.',
    );
  if (instance.status === 'Pending') throw errors.initializing();
  if (instance.status !== 'Stopped' && !(force && instance.status === 'Running'))
    throw errors.incorrectStatus();
}

/** The mode a stop will end in; StopCharging where it is not supported is ignored or refused. */
export function stopMode(
  context: ActionContext,
  instance: Instance,
  asked: string | undefined,
): 'KeepCharging' | 'StopCharging' {
  const { switches } = context.simulation;
  const wanted = asked ?? (switches.economicalMode ? 'StopCharging' : 'KeepCharging');
  if (wanted !== 'StopCharging') return 'KeepCharging';
  const reason = whyNotStopCharging(instance);
  if (reason === undefined) return 'StopCharging';
  if (asked === 'StopCharging' && switches.stopCharging === 'reject')
    throw new EcsError(
      403,
      'InvalidInstanceId.NotSupport',
      `The specified instance does not support StopCharging: ${reason}.`,
    );
  return 'KeepCharging';
}

function whyNotStopCharging(instance: Instance): string | undefined {
  if (instance.chargeType === 'PrePaid') return 'it is a subscription';
  if ((INSTANCE_TYPES.get(instance.instanceType)?.localDisks ?? 0) > 0) return 'its type has local disks';
  return undefined;
}

/** What is paid for after use is short of balance; a subscription has run out. */
function unpaid({ chargeType }: Instance): EcsError {
  return chargeType === 'PostPaid'
    ? new EcsError(403, 'InstanceExpired', 'The instance has expired. Check the balance of the account.')
    : new EcsError(403, 'InstanceExpiredOrInArrears', 'The instance has expired or is in arrears.');
}

function requireUnlocked(instance: Instance, reasons: readonly string[]): void {
  for (const reason of reasons) {
    if (!isLocked(instance, reason)) continue;
    if (reason === 'security') throw errors.lockedForSecurity();
    if (reason === 'financial') throw unpaid(instance);
    throw errors.incorrectStatus();
  }
}
