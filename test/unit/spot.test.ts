/** The decisions of a rescue, without anybody to carry them out. */
import fc from 'fast-check';
import { rankCandidates } from '../../src/domain/spot-candidates';
import type { MarketFact, Stock, Wishes } from '../../src/domain/spot-candidates';
import {
  parseDiscardCopiesInput,
  parseLaunchSpotInput,
  parseRelaunchSpotInput,
  parseSpotReportInput,
} from '../../src/domain/spot-input';
import {
  basesOf,
  livingDisks,
  lostOn,
  nextCopy,
  noticeOf,
  plannedLadder,
} from '../../src/domain/spot-ladder';
import { BUILT_IN_SPOT_POLICY, SAVE_RUNGS, spotPolicyFor } from '../../src/domain/spot-policy';
import { replacementTags } from '../../src/domain/spot-record';
import type { SpotDisk } from '../../src/domain/spot-record';
import { Quota } from '../../src/ecs/quota';
import { parsePolicyFile } from '../../src/hooks/policy-file';

const disk = (over: Partial<SpotDisk>): SpotDisk => ({
  diskId: 'd-system',
  type: 'system',
  category: 'cloud_essd',
  size: 40,
  performanceLevel: 'PL1',
  device: '/dev/xvda',
  deleteWithInstance: true,
  ...over,
});

describe('the ladder', () => {
  it('tries each copy once, in the order of the policy, while the instance is there', () => {
    expect(nextCopy(['snapshot', 'image'], [], true)).toBe('snapshot');
    expect(nextCopy(['snapshot', 'image'], ['snapshot'], true)).toBe('image');
    expect(nextCopy(['snapshot', 'image'], ['snapshot', 'image'], true)).toBeUndefined();
    expect(nextCopy(SAVE_RUNGS, [], false)).toBeUndefined();
    expect(nextCopy(['keep-disks', 'warm-image'], [], true)).toBeUndefined();
  });

  it('always has an image to launch from', () =>
    fc.assert(
      fc.property(fc.uniqueArray(fc.constantFrom(...SAVE_RUNGS), { minLength: 1 }), (rungs) => {
        expect(basesOf(rungs).length).toBeGreaterThan(0);
      }),
    ));

  it('counts as living what its owner keeps and what we have kept', () => {
    const disks = [
      disk({}),
      disk({ diskId: 'd-own', type: 'data', deleteWithInstance: false }),
      disk({ diskId: 'd-gone', type: 'data' }),
    ];
    expect(livingDisks({ disks }, [])).toEqual(['d-own']);
    expect(livingDisks({ disks }, ['d-system'])).toEqual(['d-system', 'd-own']);
  });

  it('says what is lost, of data disks too', () => {
    const disks = [disk({}), disk({ diskId: 'd-data', type: 'data' })];
    const asOf = '2026-11-21T12:00:00.000Z';
    expect(lostOn('snapshot', { disks }, { asOf, living: [] })).toContain('everything on data disks');
    expect(lostOn('snapshot', { disks }, { asOf, living: ['d-data'] })).toContain(
      'nothing of the data disks',
    );
    expect(lostOn('original-image', { disks: [disk({})] }, { living: [] })).toBe(
      'everything on the system disk',
    );
    expect(lostOn('image', { disks }, { asOf, living: [] })).toContain(`after ${asOf}`);
    expect(plannedLadder(SAVE_RUNGS, { disks }).map(({ rung }) => rung)).toEqual([...SAVE_RUNGS]);
  });

  it.each([
    [undefined, 'Terminate', 'released'],
    [{ locked: true, status: 'Running' }, 'Terminate', 'held'],
    [{ locked: true, status: 'Stopping' }, 'Terminate', 'held'],
    [{ locked: false, status: 'Stopping' }, 'Stop', 'held'],
    [{ locked: true, status: 'Stopped' }, 'Stop', 'stopped'],
    [{ locked: false, status: 'Stopped' }, 'Stop', 'stopped'],
    [{ locked: true, status: 'Stopped' }, 'Terminate', 'held'],
    [{ locked: false, status: 'Running' }, 'Terminate', 'withdrawn'],
    [{ locked: false, status: 'Running' }, 'Stop', 'withdrawn'],
  ])('reads %j of an instance with %s as %s', (now, behavior, state) => {
    expect(noticeOf(now, behavior)).toBe(state);
  });
});

describe('places', () => {
  const stocks: Stock[] = ['plenty', 'some', 'unknown', 'none'];
  const types = ['ecs.a.large', 'ecs.b.large'];
  const zones = ['z-1', 'z-2', 'z-3'];
  const fact = fc.record({
    instanceType: fc.constantFrom(...types),
    zoneId: fc.constantFrom(...zones),
    stock: fc.constantFrom(...stocks),
    spotPrice: fc.option(fc.integer({ min: 1, max: 100 }), { nil: undefined }),
    listPrice: fc.option(fc.integer({ min: 50, max: 200 }), { nil: undefined }),
  });
  const vSwitches = zones.map((zoneId) => ({ vSwitchId: `vsw-${zoneId}`, zoneId }));
  const wishes = (over: Partial<Wishes> = {}): Wishes => ({
    instanceTypes: types,
    vSwitches,
    payAsYouGo: true,
    ...over,
  });

  it('are in order of market, stock and price, none above the cap, none twice', () =>
    fc.assert(
      fc.property(
        fc.array(fact, { maxLength: 12 }),
        fc.option(fc.integer({ min: 1, max: 150 }), { nil: undefined }),
        (found, priceCap) => {
          const facts = found as MarketFact[];
          const { candidates, leftOut } = rankCandidates(wishes({ priceCap }), facts);
          const keys = candidates.map((c) => `${c.market}/${c.instanceType}/${c.zoneId}`);
          expect(new Set(keys).size).toBe(keys.length);
          expect(candidates.length + leftOut.length).toBe(12);
          expect(
            candidates.every(
              ({ price }) => priceCap === undefined || price === undefined || price <= priceCap,
            ),
          ).toBe(true);
          const firstOther = candidates.findIndex(({ market }) => market === 'pay-as-you-go');
          if (firstOther >= 0)
            expect(candidates.slice(firstOther).every(({ market }) => market !== 'spot')).toBe(true);
          for (const [index, c] of candidates.entries()) {
            const next = candidates[index + 1];
            if (next?.market !== c.market) continue;
            expect(stocks.indexOf(next.stock)).toBeGreaterThanOrEqual(stocks.indexOf(c.stock));
            if (next.stock === c.stock)
              expect(next.price ?? Infinity).toBeGreaterThanOrEqual(c.price ?? Infinity);
          }
        },
      ),
    ));

  it('are tied to a zone or a vSwitch where a disk or an address is', () => {
    const inZone = rankCandidates(wishes({ onlyZone: 'z-2' }), []).candidates;
    expect(new Set(inZone.map(({ zoneId }) => zoneId))).toEqual(new Set(['z-2']));
    const inVSwitch = rankCandidates(wishes({ onlyVSwitch: 'vsw-z-3', payAsYouGo: false }), []).candidates;
    expect(inVSwitch.map(({ zoneId, market }) => [zoneId, market])).toEqual([
      ['z-3', 'spot'],
      ['z-3', 'spot'],
    ]);
  });
});

it('a replacement has at most 20 tags, ours among them, none of the provider', () => {
  const tags = [
    { key: 'acs:autoscaling', value: 'x' },
    ...Array.from({ length: 25 }, (_, i) => ({ key: `k${i}`, value: '' })),
  ];
  const made = replacementTags({ instanceId: 'i-old', tags }, 0);
  expect(made).toHaveLength(20);
  expect(made.slice(0, 2)).toEqual([
    { key: 'steward-replacement-of', value: 'i-old' },
    { key: 'steward-replacement-lock', value: '1970-01-01T00:00:00.000Z' },
  ]);
  expect(made.some(({ key }) => key.startsWith('acs:'))).toBe(false);
});

describe('urgent calls', () => {
  const quota = (): Quota => new Quota({ '*': 60 }, () => 1_800_000_000_000);

  it('have a share that ordinary ones cannot use up, and may spend it at once', () => {
    const both = quota();
    while (both.take('CreateImage', 'r').grant !== 'later');
    const urgent = Array.from({ length: 60 }, () => both.take('CreateImage', 'r', 'urgent').grant);
    expect(new Set(urgent)).toEqual(new Set(['now']));
  });

  it('are told different moments to come back at, none further than two minutes', () => {
    const one = quota();
    const told = Array.from({ length: 400 }, () => one.take('CreateImage', 'r', 'urgent')).flatMap((v) =>
      v.grant === 'later' ? [v.retryAfterMs] : [],
    );
    expect(told.slice(0, 3)).toEqual([2_000, 3_000, 4_000]);
    expect(Math.max(...told)).toBe(120_000);
  });

  it('that are refused hold ordinary ones back, and not the other way round', () => {
    const both = quota();
    both.close('CreateImage', 'r', 5_000);
    expect(both.take('CreateImage', 'r', 'urgent').grant).toBe('now');
    both.close('DescribeImages', 'r', 5_000, 'urgent');
    expect(both.take('DescribeImages', 'r').grant).toBe('later');
  });
});

describe('the policy file', () => {
  const errorsOf = (spot: string): string[] => {
    const parsed = parsePolicyFile(
      `version: 1\npolicies: []\nspot:\n${spot}\nhooks:\n  snap: {snapshot: {}}\n  go: {command: {content: 'true'}}\n`,
    );
    return parsed.ok ? [] : parsed.errors.map(({ path, message }) => `${path}: ${message}`);
  };

  it.each([
    ['  - {name: a, save: [image, imge]}', 'spot[0].save[1]', 'must be image, snapshot'],
    ['  - {name: a, save: [image, image]}', 'spot[0].save[1]', 'named twice'],
    ['  - {name: a, save: []}', 'spot[0].save', 'is empty'],
    ['  - {name: a, drain: [snap]}', 'spot[0].drain[0]', 'takes snapshots'],
    ['  - {name: a, drain: [goo]}', 'spot[0].drain[0]', 'did you mean go'],
    ['  - {name: a, drainWithin: 10m}', 'spot[0].drainWithin', 'from 5s to 4m'],
    ['  - {name: a, launch: {instanceTypes: [g7.large]}}', 'spot[0].launch.instanceTypes[0]', 'ecs.g7.large'],
    ['  - {name: a, launch: {priceCap: -1}}', 'spot[0].launch.priceCap', 'at least 0.001'],
    ['  - {name: a, launch: {passwordEnv: hunter2}}', 'spot[0].launch.passwordEnv', 'is not the name of'],
    ['  - {name: a, ip: both}', 'spot[0].ip', 'replacement-first or same-private-ip'],
    ['  - {name: a}\n  - {name: b}', 'spot[0]', 'never reached'],
    ['  - {name: a, match: {tags: [{key: x}]}}\n  - {name: a}', 'spot[1].name', 'another policy'],
    ['  - {name: a, drian: [go]}', 'spot[0].drian', 'did you mean drain'],
  ])('%s is refused at %s', (text, path, message) => {
    const [first = ''] = errorsOf(text);
    expect(first.startsWith(`${path} `)).toBe(true);
    expect(first).toContain(message);
  });

  it('the first that matches holds; without any the built-in one saves everything', () => {
    const parsed = parsePolicyFile(
      'version: 1\npolicies: []\nspot:\n  - {name: batch, match: {tags: [{key: role, value: batch}], instanceIds: [i-one]}, retention: 30d}\n',
    );
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
    const of = (instanceId: string, role: string): string =>
      spotPolicyFor(parsed.file, { instanceId, tags: [{ key: 'role', value: role }] }).name;
    expect([of('i-one', 'web'), of('i-two', 'batch'), of('i-two', 'web')]).toEqual([
      'batch',
      'batch',
      'built-in',
    ]);
    expect(BUILT_IN_SPOT_POLICY.save).toEqual([...SAVE_RUNGS]);
  });
});

describe('inputs', () => {
  const launch = {
    region: 'cn-hangzhou',
    imageId: 'm-bp1',
    instanceType: 'ecs.g7.large',
    securityGroupId: 'sg-bp1',
  };
  it.each([
    [parseRelaunchSpotInput, { region: 'cn-hangzhou', instanceId: 'web-1' }, 'instanceId'],
    [parseRelaunchSpotInput, { region: 'ecs.aliyuncs.com', instanceId: 'i-bp1' }, 'region'],
    [parseRelaunchSpotInput, { region: 'cn-hangzhou', instanceId: 'i-bp1', instanceIds: [] }, 'instanceIds'],
    [parseRelaunchSpotInput, undefined, 'region'],
    [parseLaunchSpotInput, { ...launch, spotDuration: 2 }, 'spotDuration'],
    [parseLaunchSpotInput, { ...launch, internetMaxBandwidthOut: 101 }, 'internetMaxBandwidthOut'],
    [parseLaunchSpotInput, { ...launch, password: 'x' }, 'password'],
    [parseLaunchSpotInput, { ...launch, spotPriceLimit: NaN }, 'spotPriceLimit'],
    [parseSpotReportInput, { region: 'cn-hangzhou', kind: 'plan' }, 'instanceId'],
    [parseSpotReportInput, { region: 'cn-hangzhou', kind: 'prices' }, 'instanceTypes'],
    [
      parseDiscardCopiesInput,
      {
        region: 'cn-hangzhou',
        instanceId: 'i-1',
        imageIds: [],
        snapshotIds: [],
        diskIds: ['i-1'],
        after: 'soon',
      },
      'diskIds[0]',
    ],
  ])('%p refuses %j at %s', (parse, input, path) => {
    const parsed = parse(input);
    expect(parsed.ok ? [] : parsed.errors.map((error) => error.path)).toContain(path);
  });
});
