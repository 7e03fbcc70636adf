/** Cloud Assistant through the SDK: the calls of these tests in few words. */
import Ecs, * as Models from '@alicloud/ecs20140526';
import { Config } from '@alicloud/openapi-client';
import type { SimulatorOptions } from '../../../simulator';
import type { Simulated } from './simulated';
import { QUICK, simulate, until } from './simulated';

export const REGION = 'cn-hangzhou';

type RunInput = ConstructorParameters<typeof Models.RunCommandRequest>[0];

export interface Assistant extends Simulated {
  readonly sdk: Ecs;
  /** RunCommand on all instances, or as told; the ids of what was made. */
  run(commandContent: string, over?: RunInput): Promise<{ invokeId: string; commandId: string }>;
  invocation(invokeId: string, over?: Record<string, unknown>): Promise<Invocation>;
  results(invokeId: string, over?: Record<string, unknown>): Promise<Result[]>;
  /** Waits until the whole has ended and returns its rows. */
  ended(invokeId: string): Promise<Result[]>;
}

export type Invocation = Models.DescribeInvocationsResponseBodyInvocationsInvocation;
export type Result = Models.DescribeInvocationResultsResponseBodyInvocationInvocationResultsInvocationResult;

const LIVE = ['Pending', 'Running', 'Scheduled', 'Stopping'];

/** Starts a simulator with the SDK on it. Canned unless told. */
export async function assist(options: SimulatorOptions = {}): Promise<Assistant> {
  const durations = { ...QUICK, delivery: 5, ...options.durations };
  const simulated = await simulate({
    instances: 3,
    exec: 'canned',
    throttling: false,
    ...options,
    durations,
  });
  const { endpoint, accessKeyId, accessKeySecret } = simulated;
  const sdk = new Ecs(
    new Config({ endpoint, protocol: 'http', regionId: REGION, accessKeyId, accessKeySecret }),
  );
  const invocations = async (over: Record<string, unknown>): Promise<Invocation[]> => {
    const request = new Models.DescribeInvocationsRequest({ regionId: REGION, ...over });
    return (await sdk.describeInvocations(request)).body?.invocations?.invocation ?? [];
  };
  const assistant: Assistant = Object.assign(simulated, {
    sdk,
    async run(commandContent: string, over: RunInput = {}) {
      const target = over?.['resourceTag'] ? {} : { instanceId: [...simulated.instanceIds] };
      const request = { regionId: REGION, type: 'RunShellScript', commandContent, ...target, ...over };
      const { body } = await sdk.runCommand(new Models.RunCommandRequest(request));
      return { invokeId: body?.invokeId ?? '', commandId: body?.commandId ?? '' };
    },
    async invocation(invokeId: string, over: Record<string, unknown> = {}) {
      const [found] = await invocations({ invokeId, ...over });
      if (!found) throw new Error(`no invocation ${invokeId}`);
      return found;
    },
    async results(invokeId: string, over: Record<string, unknown> = {}) {
      const request = { regionId: REGION, invokeId, contentEncoding: 'PlainText', maxResults: 50, ...over };
      const { body } = await sdk.describeInvocationResults(
        new Models.DescribeInvocationResultsRequest(request),
      );
      return body?.invocation?.invocationResults?.invocationResult ?? [];
    },
    async ended(invokeId: string) {
      const over = (found: Invocation): boolean => !LIVE.includes(found.invocationStatus ?? '');
      await until(() => assistant.invocation(invokeId), over, 20_000);
      return assistant.results(invokeId);
    },
  });
  return assistant;
}

/** One for all tests of a file or block. */
export function useAssistant(options: SimulatorOptions = {}): () => Assistant {
  let made: Assistant | undefined;
  beforeAll(async () => void (made = await assist(options)));
  afterAll(() => made?.close());
  return () => {
    if (!made) throw new Error('not started');
    return made;
  };
}

/** `404 InvalidInstance.NotFound`, or what the call answered instead of failing. */
export async function codeOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return 'OK';
  } catch (error) {
    const { statusCode, code } = error as { statusCode?: number; code?: string };
    return `${statusCode} ${code}`;
  }
}
