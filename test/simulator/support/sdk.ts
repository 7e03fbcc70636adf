/** The SDK on a simulator with driven time, for what has a life of its own. */
import Ecs from '@alicloud/ecs20140526';
import { Config } from '@alicloud/openapi-client';
import type { SimulatorOptions } from '../../../simulator';
import type { Simulated } from './simulated';
import { simulate } from './simulated';

export const REGION = 'cn-hangzhou';
export const START = Date.parse('2026-07-01T00:00:00Z');
export const IMAGE = 'aliyun_3_x64_20G_alibase_20240528.vhd';

export interface WithSdk extends Simulated {
  readonly sdk: Ecs;
}

/** Starts a simulator whose time stands until the test moves it. */
export async function driven(options: SimulatorOptions = {}): Promise<WithSdk> {
  const time = { kind: 'driven', startAt: START } as const;
  const simulated = await simulate({ instances: 2, exec: 'canned', throttling: false, time, ...options });
  const { endpoint, accessKeyId, accessKeySecret } = simulated;
  const config = new Config({ endpoint, protocol: 'http', regionId: REGION, accessKeyId, accessKeySecret });
  return Object.assign(simulated, { sdk: new Ecs(config) });
}

/** One for each test of a file. */
export function eachDriven(options: SimulatorOptions = {}): () => WithSdk {
  let made: WithSdk | undefined;
  beforeEach(async () => void (made = await driven(options)));
  afterEach(() => made?.close());
  return () => {
    if (!made) throw new Error('not started');
    return made;
  };
}

/** A time as the API writes it. */
export const second = (at: number): string => `${new Date(at).toISOString().slice(0, 19)}Z`;
