/**
 * The life of instances: launch, start, stop, reboot, release, and the agent that comes and goes with the guest.
 * The rule: every change is told to the ledger and to the listeners, and each change that takes time is a step
 * with a due moment, so that it survives a restart.
 */
import { randomUUID } from 'node:crypto';
import { errors } from '../core/errors';
import type { InstanceEvent, InstanceEvents } from '../core/events';
import type { Clock, Timer } from '../core/clock';
import type { Ledger } from '../core/ledger';
import type { Random } from '../core/random';
import type { Durations, Switches } from '../core/settings';
import type { Instance, InstanceStatus } from './instance';
import { isHeard, isLocked, lastHeartbeat, moveTo } from './instance';
import type { LaunchSpec } from './launch';
import { AGENT_VERSIONS, makeInstance, publicAddress } from './launch';
import type { World } from './world';

/** What the life of instances needs of the simulator. */
export interface LifeServices {
  readonly clock: Clock;
  readonly ledger: Ledger;
  readonly random: Random;
  readonly world: World;
  readonly events: InstanceEvents;
  readonly durations: Durations;
  readonly switches: Switches;
}

/** Options of a stop. */
export interface StopOptions {
  readonly forced?: boolean;
  readonly mode?: 'KeepCharging' | 'StopCharging';
  readonly requestId?: string;
}

/** Carries out what happens to instances. Callers have checked that it may happen. */
export class Instances {
  private readonly timers = new Map<string, Timer>();

  constructor(private readonly services: LifeServices) {}

  /** Creates an instance; it is Pending, or in `spec.status` at once. */
  launch(spec: LaunchSpec, requestId?: string): Instance {
    const { world, clock } = this.services;
    const instance = makeInstance(this.services, spec);
    world.region(instance.regionId).instances.set(instance.instanceId, instance);
    this.tell(instance, 'created', false, requestId);
    if (spec.status === undefined) this.step(instance, 'Starting', this.services.durations.pending);
    else if (spec.status === 'Running') this.boot(instance, clock.now(), 0);
    this.armAutoRelease(instance);
    return instance;
  }

  /** Stopped → Starting → Running. */
  start(instance: Instance, requestId?: string): void {
    moveTo(instance, 'Starting', this.services.clock.now());
    const hasNone = instance.publicIp === '' && !instance.eip && instance.bandwidthOut > 0;
    if (instance.stoppedMode === 'StopCharging' && hasNone)
      instance.publicIp = publicAddress(this.services.random.next(), instance.publicIpBefore);
    instance.stoppedMode = 'Not-applicable';
    instance.capacityLost = false;
    this.tell(instance, 'starting', false, requestId);
    this.step(instance, 'Running', this.services.durations.starting);
  }

  /** Running → Stopping → Stopped. */
  stop(instance: Instance, options: StopOptions = {}): void {
    const { clock, durations, switches } = this.services;
    const fallback = switches.economicalMode ? 'StopCharging' : 'KeepCharging';
    moveTo(instance, 'Stopping', clock.now());
    instance.stoppingMode = options.mode ?? fallback;
    this.loseAgent(instance);
    this.tell(instance, 'stopping', options.forced ?? false, options.requestId);
    this.step(instance, 'Stopped', options.forced ? durations.forceStopping : durations.stopping);
  }

  /** Running → Starting → Running with a new boot. */
  reboot(instance: Instance, forced: boolean, requestId?: string): void {
    const { clock, durations, switches } = this.services;
    moveTo(instance, switches.rebootStatus === 'Starting' ? 'Starting' : 'Stopping', clock.now());
    if (switches.statusAfterReboot === 'stale') instance.staleUntil = clock.dueAfter(durations.staleStatus);
    this.loseAgent(instance);
    this.tell(instance, 'rebooting', forced, requestId);
    const viaStopping = instance.status === 'Stopping';
    this.step(instance, viaStopping ? 'Starting' : 'Running', durations.rebooting / (viaStopping ? 2 : 1));
  }

  /** Releases an instance: at once when its power may be cut or is off, else after it has shut down. */
  release(instance: Instance, forced: boolean, requestId?: string): void {
    if (instance.status === 'Running' && !forced) {
      instance.releasing = true;
      this.stop(instance, { requestId });
      return;
    }
    const region = this.services.world.region(instance.regionId);
    this.timers.get(instance.instanceId)?.cancel();
    this.timers.delete(instance.instanceId);
    region.instances.delete(instance.instanceId);
    region.freeAddress(instance.vSwitchId, instance.privateIp);
    // Whoever is locked for security loses every disk, whatever was wished.
    if (isLocked(instance, 'security'))
      for (const disk of region.disks.values())
        if (disk.instanceId === instance.instanceId) disk.deleteWithInstance = true;
    this.tell(instance, 'released', forced, requestId);
  }

  /** Turns the agent on or off, removes it, cuts it off, or has it upgrade itself. */
  setAgent(instance: Instance, state: LaunchSpec['agent'] = {}): void {
    const { agent } = instance;
    Object.assign(agent, state);
    if (!isHeard(instance)) this.loseAgent(instance);
    else if (instance.status === 'Running') agent.upSince ??= this.services.clock.now();
    this.tell(instance, 'agent', false);
  }

  /** Puts an instance into a status at once, past the declared transitions: for the control plane only. */
  force(instance: Instance, status: InstanceStatus, mode: 'KeepCharging' | 'StopCharging'): void {
    const now = this.services.clock.now();
    this.timers.get(instance.instanceId)?.cancel();
    this.timers.delete(instance.instanceId);
    Object.assign(instance, { statusBefore: instance.status, statusChangedAt: now, status, next: undefined });
    instance.stoppedMode = status === 'Stopped' ? mode : 'Not-applicable';
    if (status === 'Running') return this.boot(instance, now, 0);
    this.loseAgent(instance);
    if (status === 'Stopped') this.tell(instance, 'stopped', true);
    if (status === 'Stopping') this.tell(instance, 'stopping', true);
  }

  /** Lets a change of status that has begun go on for ever, or end when it is due. */
  setStuck(instance: Instance, stuck: boolean): void {
    instance.stuck = stuck;
    if (instance.next) this.arm(instance, instance.next.status, instance.next.due);
  }

  /** Continues the steps of a restored instance. */
  resume(instance: Instance): void {
    const { next } = instance;
    if (next) this.arm(instance, next.status, next.due);
    this.armAutoRelease(instance);
  }

  /** The instance may be stopped, started and so on: it is not in the middle of being made. */
  requireSettled(instance: Instance): void {
    if (instance.status === 'Pending') throw errors.initializing();
  }

  private step(instance: Instance, status: InstanceStatus, duration: number): void {
    this.arm(instance, status, this.services.clock.dueAfter(duration * (instance.slowness ?? 1)));
  }

  private arm(instance: Instance, status: InstanceStatus, due: number): void {
    instance.next = { status, due };
    this.timers.get(instance.instanceId)?.cancel();
    if (instance.stuck) return;
    this.timers.set(
      instance.instanceId,
      this.services.clock.at(due, () => this.arrive(instance, status)),
    );
  }

  private arrive(instance: Instance, status: InstanceStatus): void {
    const now = this.services.clock.now();
    const was = instance.status;
    this.timers.delete(instance.instanceId);
    instance.next = undefined;
    moveTo(instance, status, now);
    if (status === 'Starting') {
      if (was === 'Pending') this.tell(instance, 'starting', false);
      const { starting, rebooting } = this.services.durations;
      return this.step(instance, 'Running', was === 'Pending' ? starting : rebooting / 2);
    }
    if (status === 'Running') return this.boot(instance, now, this.services.durations.agentBoot);
    instance.stoppedMode = instance.stoppingMode;
    if (instance.stoppedMode === 'StopCharging') this.giveUpCompute(instance);
    this.tell(instance, 'stopped', false);
    if (instance.releasing) this.release(instance, true);
  }

  private boot(instance: Instance, now: number, agentDelay: number): void {
    instance.startedAt = now;
    instance.bootId = randomUUID();
    instance.stoppedMode = 'Not-applicable';
    if (instance.agent.installing) this.finishInstalling(instance);
    if (isHeard(instance)) instance.agent.upSince = this.services.clock.dueAfter(agentDelay);
    this.tell(instance, 'running', false);
  }

  private finishInstalling(instance: Instance): void {
    const version = AGENT_VERSIONS[instance.osType];
    Object.assign(instance.agent, { installed: true, enabled: true, installing: false, version });
    const { ledger, clock } = this.services;
    const { regionId, instanceId: resourceId } = instance;
    ledger.effect({ time: clock.now(), effect: 'agent.installed', regionId, resourceId });
  }

  private loseAgent(instance: Instance): void {
    instance.agent.lastHeartbeat = lastHeartbeat(instance, this.services.clock.now());
    instance.agent.upSince = undefined;
  }

  private giveUpCompute(instance: Instance): void {
    if (!instance.capacityLost)
      this.services.world.region(instance.regionId).takeStock(instance.zoneId, instance.instanceType, -1);
    instance.publicIpBefore = instance.publicIp;
    instance.publicIp = '';
  }

  private armAutoRelease(instance: Instance): void {
    if (instance.autoReleaseAt === undefined) return;
    const due = instance.autoReleaseAt;
    this.services.clock.at(due, () => {
      const still = this.services.world.findInstance(instance.instanceId);
      if (still && still.autoReleaseAt === due) this.release(still, true);
    });
  }

  private tell(instance: Instance, type: InstanceEvent['type'], forced: boolean, requestId?: string): void {
    const { ledger, clock, events } = this.services;
    const time = clock.now();
    const { regionId, instanceId } = instance;
    ledger.effect({
      time,
      effect: `instance.${type}`,
      regionId,
      resourceId: instanceId,
      ...(requestId === undefined ? {} : { requestId }),
      ...(forced ? { detail: { forced } } : {}),
    });
    events.emit({ type, instanceId, regionId, time, forced, byRequest: requestId !== undefined });
  }
}
