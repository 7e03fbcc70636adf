/**
 * Where a replacement may be launched, in which order: instance types × vSwitches on the spot market, then the same
 * pay-as-you-go where the policy allows it.
 *
 * The one rule: what is known to be dear or sold out comes last or not at all, and every candidate says why it stands
 * where it stands. Stock is a hint: only RunInstances knows.
 */

/** One way to launch. */
export interface Candidate {
  instanceType: string;
  zoneId: string;
  vSwitchId: string;
  market: 'spot' | 'pay-as-you-go';
  /** An hour, in the currency of the account; absent where it could not be learnt. */
  price?: number;
  stock: Stock;
}

/** DescribeAvailableResource's StatusCategory, as far as it matters. */
export type Stock = 'plenty' | 'some' | 'none' | 'unknown';

/** What was learnt about one type in one zone. */
export interface MarketFact {
  instanceType: string;
  zoneId: string;
  stock: Stock;
  spotPrice?: number;
  listPrice?: number;
}

export interface Wishes {
  instanceTypes: readonly string[];
  vSwitches: readonly { vSwitchId: string; zoneId: string }[];
  /** The most an hour may cost; absent: whatever it costs. */
  priceCap?: number;
  payAsYouGo: boolean;
  /** Only here: a disk or an address ties the replacement to it. */
  onlyZone?: string;
  onlyVSwitch?: string;
}

export interface Ranking {
  candidates: Candidate[];
  /** What was left out, and why; for people. */
  leftOut: string[];
}

const STOCK_ORDER: Record<Stock, number> = { plenty: 0, some: 1, unknown: 2, none: 3 };
/** Each is a RunInstances call. */
const MOST_CANDIDATES = 40;

/** Orders the candidates: spot before pay-as-you-go, stock before none, cheap before dear, then as the policy names them. */
export function rankCandidates(wishes: Wishes, facts: readonly MarketFact[]): Ranking {
  const leftOut: string[] = [];
  const markets: Candidate['market'][] = wishes.payAsYouGo ? ['spot', 'pay-as-you-go'] : ['spot'];
  const places = wishes.vSwitches.filter(
    ({ zoneId, vSwitchId }) =>
      (wishes.onlyZone === undefined || zoneId === wishes.onlyZone) &&
      (wishes.onlyVSwitch === undefined || vSwitchId === wishes.onlyVSwitch),
  );
  const candidates = markets.flatMap((market) => {
    const ofMarket = wishes.instanceTypes.flatMap((instanceType) =>
      places.flatMap(({ zoneId, vSwitchId }): Candidate[] => {
        const fact = facts.find((each) => each.instanceType === instanceType && each.zoneId === zoneId);
        const price = market === 'spot' ? fact?.spotPrice : fact?.listPrice;
        if (price !== undefined && wishes.priceCap !== undefined && price > wishes.priceCap) {
          leftOut.push(
            `${instanceType} in ${zoneId}, ${market}: ${price} an hour is above the cap of ${wishes.priceCap}`,
          );
          return [];
        }
        const stock = fact?.stock ?? 'unknown';
        return [
          { instanceType, zoneId, vSwitchId, market, stock, ...(price === undefined ? {} : { price }) },
        ];
      }),
    );
    return ofMarket.sort(
      (a, b) =>
        STOCK_ORDER[a.stock] - STOCK_ORDER[b.stock] || (a.price ?? Infinity) - (b.price ?? Infinity) || 0,
    );
  });
  return { candidates: candidates.slice(0, MOST_CANDIDATES), leftOut };
}

/** One candidate for people. */
export function candidateText({ instanceType, zoneId, market, price }: Candidate): string {
  return `${instanceType} in ${zoneId}, ${market}${price === undefined ? '' : ` at ${price} an hour`}`;
}
