/** What the conformance tests run against: a simulator, or the real service when the environment names one. */
import Ecs from '@alicloud/ecs20140526';
import { Config } from '@alicloud/openapi-client';
import type { Simulated } from './simulated';
import { QUICK, simulate } from './simulated';

export interface Target {
  readonly name: string;
  readonly real: boolean;
  readonly regionId: string;
  /** The SDK's client. */
  sdk(): Ecs;
  /** The simulator; there is none behind the real service. */
  simulated(): Simulated;
}

/** Starts what is to be tested before the tests and ends it after them. */
export function target(): Target {
  const endpoint = process.env['ECS_CONFORMANCE_ENDPOINT'];
  const regionId = process.env['ECS_CONFORMANCE_REGION'] ?? 'cn-hangzhou';
  return endpoint === undefined ? simulatedTarget(regionId) : realTarget(endpoint, regionId);
}

function realTarget(endpoint: string, regionId: string): Target {
  const sdk = new Ecs(
    new Config({
      endpoint,
      regionId,
      accessKeyId: process.env['ALIBABA_CLOUD_ACCESS_KEY_ID'],
      accessKeySecret: process.env['ALIBABA_CLOUD_ACCESS_KEY_SECRET'],
      securityToken: process.env['ALIBABA_CLOUD_SECURITY_TOKEN'],
    }),
  );
  const none = (): never => {
    throw new Error('there is no simulator behind the real service');
  };
  return { name: endpoint, real: true, regionId, sdk: () => sdk, simulated: none };
}

function simulatedTarget(regionId: string): Target {
  let simulated: Simulated | undefined;
  let sdk: Ecs | undefined;
  beforeAll(async () => {
    const tags = { env: 'test' };
    simulated = await simulate({ regions: [regionId], instances: 25, tags, durations: QUICK });
    const { endpoint, accessKeyId, accessKeySecret } = simulated;
    sdk = new Ecs(new Config({ endpoint, protocol: 'http', regionId, accessKeyId, accessKeySecret }));
  });
  afterAll(async () => simulated?.close());
  const started = <T>(value: T | undefined): T => {
    if (value === undefined) throw new Error('not started');
    return value;
  };
  return {
    name: 'the simulator',
    real: false,
    regionId,
    sdk: () => started(sdk),
    simulated: () => started(simulated),
  };
}
