/**
 * Launching, and what a new instance is given: places in order, RunInstances, the elastic address, disks.
 *
 * The one rule: a refusal is an answer and not a failure, for another place may do; only what may pass by itself
 * (throttling, no answer) is tried again, with the same ClientToken.
 */
import { activityInfo } from '@temporalio/activity';
import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import type { LaunchRequest } from '../domain/spot-launch';
import { rankCandidates } from '../domain/spot-candidates';
import type { MarketFact, Ranking } from '../domain/spot-candidates';
import type { SpotLaunchPolicy } from '../domain/spot-policy';
import type { SpotRecord } from '../domain/spot-record';
import type { EcsClient } from '../ecs/client';
import { EcsError } from '../ecs/errors';
import { atBoundary } from './failures';
import { findReplacement } from './spot-read';

/** As for images: later attempts look by tag first. */
const TOKEN_TRUSTED_MS = 10 * 60_000;
/** An address or a disk that is on its way. */
const LOOK_AGAIN_MS = 2_000;

export interface RunInstancesCall {
  region: string;
  request: LaunchRequest;
  clientToken: string;
  /** The variable of the worker that holds the password. */
  passwordEnv?: string;
  /** The instance that is replaced, where one is. */
  replaces?: string;
}

export type LaunchAnswer = { launched: string } | { refused: string };

export interface SpotLaunchActivities {
  rankPlaces(request: {
    region: string;
    record: Pick<SpotRecord, 'instanceType' | 'vSwitchId' | 'zoneId' | 'spotStrategy'>;
    policy: SpotLaunchPolicy;
    onlyZone?: string;
    onlyVSwitch?: string;
  }): Promise<Ranking>;
  launchInstance(request: RunInstancesCall): Promise<LaunchAnswer>;
  /** Puts the address on `to`, taking it off `from` where it still is. */
  moveEip(request: { region: string; allocationId: string; from: string; to: string }): Promise<void>;
  /** @returns why it cannot be attached, or `''` */
  attachDisk(request: {
    region: string;
    diskId: string;
    instanceId: string;
    deleteWithInstance: boolean;
  }): Promise<string>;
}

export function createSpotLaunchActivities(
  ecs: EcsClient,
  secretOf: (name: string) => string | undefined,
): SpotLaunchActivities {
  return {
    rankPlaces: ({ region, record, policy, onlyZone, onlyVSwitch }) =>
      atBoundary(async () => {
        const instanceTypes = [...new Set([record.instanceType, ...policy.instanceTypes])];
        const others = policy.vSwitchIds.filter((id) => id !== record.vSwitchId);
        const zones = await ecs.describeVSwitchZones(region, others);
        const vSwitches = [
          { vSwitchId: record.vSwitchId, zoneId: record.zoneId },
          ...[...zones].map(([vSwitchId, zoneId]) => ({ vSwitchId, zoneId })),
        ];
        const { priceCap, payAsYouGo } = policy;
        const facts = await marketFacts(ecs, region, instanceTypes, vSwitches);
        return rankCandidates(
          { instanceTypes, vSwitches, priceCap, payAsYouGo, onlyZone, onlyVSwitch },
          facts,
        );
      }),

    launchInstance: ({ region, request, clientToken, passwordEnv, replaces }) =>
      atBoundary(async () => {
        const { scheduledTimestampMs, currentAttemptScheduledTimestampMs: now } = activityInfo();
        if (replaces !== undefined && now - scheduledTimestampMs > TOKEN_TRUSTED_MS) {
          const earlier = await findReplacement(ecs, region, replaces, now);
          if (earlier) return { launched: earlier.instanceId };
        }
        const password = passwordEnv === undefined ? undefined : secretOf(passwordEnv);
        if (passwordEnv !== undefined && password === undefined)
          return {
            refused: `the worker has no variable ${passwordEnv}, which the policy names for the password`,
          };
        try {
          const [launched] = await ecs.runInstances({ ...request, region, clientToken, password });
          return launched === undefined ? { refused: 'RunInstances answered no instance' } : { launched };
        } catch (error) {
          if (!(error instanceof EcsError) || error.kind === 'retry') throw error;
          return { refused: error.message };
        }
      }),

    moveEip: ({ region, allocationId, from, to }) =>
      atBoundary(async () => {
        const eip = await ecs.describeEip(region, allocationId);
        if (!eip)
          throw ApplicationFailure.nonRetryable(`there is no address ${allocationId} any more`, 'NoEip');
        if (eip.status === 'InUse' && eip.instanceId === to) return;
        if (eip.status === 'InUse' && eip.instanceId !== from)
          throw ApplicationFailure.nonRetryable(
            `${allocationId} is on ${eip.instanceId} now`,
            'EipElsewhere',
          );
        if (eip.status === 'InUse') await ecs.unassociateEip(region, allocationId, from);
        else if (eip.status === 'Available') await ecs.associateEip(region, allocationId, to);
        // Looked at once more: done is what the address itself says.
        throw notYet(`${allocationId} is not on ${to} yet`);
      }),

    attachDisk: ({ region, diskId, instanceId, deleteWithInstance }) =>
      atBoundary(async () => {
        const [disk] = await ecs.describeDisks(region, { diskIds: [diskId] });
        if (!disk) return 'it is gone';
        if (disk.instanceId === instanceId && disk.status === 'In_use') return '';
        if (disk.status === 'Available') {
          try {
            await ecs.attachDisk({ region, diskId, instanceId, deleteWithInstance });
          } catch (error) {
            if (!(error instanceof EcsError) || error.kind !== 'terminal') throw error;
            return error.message;
          }
        } else if (disk.instanceId !== '' && disk.instanceId !== instanceId && disk.status === 'In_use') {
          return `it is on ${disk.instanceId}`;
        }
        throw notYet(`${diskId} is not attached yet`);
      }),
  };
}

function notYet(message: string): ApplicationFailure {
  return ApplicationFailure.create({
    type: 'NotYet',
    message,
    nextRetryDelay: LOOK_AGAIN_MS,
    category: ApplicationFailureCategory.BENIGN,
  });
}

/** Stock and prices are hints: a type of which they cannot be read is tried all the same. */
export async function marketFacts(
  ecs: EcsClient,
  region: string,
  instanceTypes: readonly string[],
  places: readonly { zoneId: string }[],
): Promise<MarketFact[]> {
  const zones = [...new Set(places.map(({ zoneId }) => zoneId))];
  const facts = await Promise.all(
    instanceTypes.map(async (instanceType) => {
      const none = new Map<string, never>();
      const [stock, prices] = await Promise.all([
        ecs.describeStock(region, instanceType, 'SpotAsPriceGo').catch(() => none),
        ecs.describeSpotPrices(region, instanceType).catch(() => none),
      ]);
      return zones.map((zoneId): MarketFact => {
        const price: { spot: number; list: number } | undefined = prices.get(zoneId);
        return {
          instanceType,
          zoneId,
          stock: stock.get(zoneId) ?? 'unknown',
          ...(price && { spotPrice: price.spot, listPrice: price.list }),
        };
      });
    }),
  );
  return facts.flat();
}
