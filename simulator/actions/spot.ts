/**
 * DescribeSpotPriceHistory and DescribeSpotAdvice. The rule: prices are asked of one place, whoever shows them.
 */
import type { ActionContext } from '../core';
import { defineAction, EcsError, list, number, seconds, text, time } from '../core';
import type { ErrorSpec, MissingFamily } from '../core/errors';
import { INSTANCE_TYPES } from '../model/catalog';
import type { InstanceTypeData } from '../model/catalog';
import { chance } from '../spot/prices';

const HOUR = 3_600_000;
const MONTH = 30 * 24 * HOUR;
const ROWS = 1_000;

const bad: ErrorSpec = (name) =>
  new EcsError(400, `InvalidParams.${name}`, `The specified parameter ${name} is not valid.`);
const missing: MissingFamily = (name) =>
  new EcsError(400, 'MissingParameter', `The parameter ${name} is required.`);

/** DescribeSpotPriceHistory: hourly prices, the oldest first. */
export const describeSpotPriceHistory = defineAction({
  name: 'DescribeSpotPriceHistory',
  required: ['RegionId', 'NetworkType', 'InstanceType'],
  missing,
  invalid: bad,
  unknownRegion: bad,
  quota: 'describe',
  params: {
    RegionId: text(),
    NetworkType: text({ oneOf: ['vpc', 'classic'] }),
    InstanceType: text(),
    ZoneId: text(),
    StartTime: time(),
    EndTime: time(),
    OSType: text({ oneOf: ['linux', 'windows'] }),
    IoOptimized: text({ oneOf: ['optimized', 'none'] }),
    SpotDuration: number({
      min: 0,
      max: 1,
      bad: [400, 'InvalidSpotDuration', 'The specified SpotDuration is not valid.'],
    }),
    Offset: number({ min: 0 }),
  },
  handle(context, params) {
    const type = INSTANCE_TYPES.get(params.InstanceType);
    if (!type) throw invalid('InstanceType');
    const end = params.EndTime ?? context.now;
    const start = params.StartTime ?? end - 3 * HOUR;
    if (start > end) throw invalid('StartTime');
    if (end - start > MONTH) throw invalid('EndTime');
    const zones = zonesOf(context, params.ZoneId, () => invalid('ZoneId'));
    const rows = zones.flatMap((zoneId) => hoursOf(context, zoneId, type, start, end));
    const offset = params.Offset ?? 0;
    const shown = rows.slice(offset, offset + ROWS);
    const isLast = offset + ROWS >= rows.length;
    return {
      Currency: 'CNY',
      NextOffset: isLast ? 0 : offset + ROWS,
      SpotPrices: { SpotPriceType: shown },
    };
  },
});

function invalid(name: string): EcsError {
  return new EcsError(400, `InvalidParams.${name}`, `The specified parameter ${name} is not valid.`);
}

function zonesOf(context: ActionContext, wanted: string | undefined, none: () => EcsError): string[] {
  if (wanted !== undefined && !context.region.zone(wanted)) throw none();
  return context.region.zones
    .map(({ zoneId }) => zoneId)
    .filter((id) => wanted === undefined || id === wanted);
}

function hoursOf(
  context: ActionContext,
  zoneId: string,
  type: InstanceTypeData,
  start: number,
  end: number,
): Record<string, unknown>[] {
  const rows: Record<string, unknown>[] = [];
  // The hour that is not over yet has the price that holds now, so that one set this minute is seen.
  for (let at = Math.ceil(start / HOUR) * HOUR; at <= end; at += HOUR)
    rows.push({
      ZoneId: zoneId,
      InstanceType: type.id,
      NetworkType: 'vpc',
      IoOptimized: 'optimized',
      Timestamp: seconds(at),
      SpotPrice: context.simulation.spot.prices.at(zoneId, type, Math.min(end, at + HOUR - 1)),
      OriginPrice: type.price,
    });
  return rows;
}

/** Four classes of how often instances of a type are taken back. */
const RATES = [
  ['0-3%', 1.5],
  ['3-5%', 4],
  ['5-10%', 7.5],
  ['10-100%', 20],
] as const;

/** DescribeSpotAdvice. */
export const describeSpotAdvice = defineAction({
  name: 'DescribeSpotAdvice',
  required: ['RegionId'],
  missing,
  invalid: bad,
  unknownRegion: [404, 'Invalid.RegionId', 'The specified RegionId is not valid.'],
  quota: 'describe',
  params: {
    RegionId: text(),
    ZoneId: text(),
    InstanceTypes: list(text(), { max: 10 }),
    InstanceTypeFamily: text(),
    InstanceFamilyLevel: text({ oneOf: ['EntryLevel', 'EnterpriseLevel', 'CreditEntryLevel'] }),
    Cores: number(),
    Memory: number({ decimals: 2 }),
    MinCores: number(),
    MinMemory: number({ decimals: 2 }),
    GpuSpec: text(),
    GpuAmount: number(),
  },
  handle(context, given) {
    const byShape = [given.Cores, given.Memory, given.MinCores, given.MinMemory].some((v) => v !== undefined);
    if (byShape && given.InstanceTypes.length > 0)
      throw new EcsError(
        403,
        'InvalidParam.TypeAndCpuMem.Conflict',
        'InstanceTypes and cores or memory cannot be specified together.',
      );
    const is = <T>(wanted: T | undefined, value: T): boolean => wanted === undefined || wanted === value;
    const types = [...INSTANCE_TYPES.values()].filter(
      (type) =>
        (given.InstanceTypes.length === 0 || given.InstanceTypes.includes(type.id)) &&
        is(given.InstanceTypeFamily, type.family) &&
        is<string>(given.InstanceFamilyLevel, type.level) &&
        is(given.Cores, type.cpu) &&
        is(given.Memory, type.memory) &&
        type.cpu >= (given.MinCores ?? 0) &&
        type.memory >= (given.MinMemory ?? 0) &&
        is(given.GpuAmount, type.gpu) &&
        is(given.GpuSpec, type.gpuSpec),
    );
    const zones = zonesOf(context, given.ZoneId, () => invalid('ZoneId'));
    const list = zones.map((zoneId) => ({
      ZoneId: zoneId,
      AvailableSpotResources: { AvailableSpotResource: types.map((type) => adviceOf(context, zoneId, type)) },
    }));
    return { RegionId: context.region.regionId, AvailableSpotZones: { AvailableSpotZone: list } };
  },
});

function adviceOf(context: ActionContext, zoneId: string, type: InstanceTypeData): Record<string, unknown> {
  const price = context.simulation.spot.prices.at(zoneId, type, context.now);
  const [text, rate] = RATES[Math.floor(chance(`${zoneId} ${type.id} rate`) * RATES.length)] ?? RATES[0];
  return {
    InstanceType: type.id,
    AverageSpotDiscount: Math.min(100, Math.max(1, Math.round((price / type.price) * 100))),
    InterruptRateDesc: text,
    InterruptionRate: rate,
  };
}
