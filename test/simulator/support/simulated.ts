/** A simulator for the tests of one file: started before them, closed after them. */
import { ControlClient } from '../../../simulator/control/client';
import type { Simulator, SimulatorOptions } from '../../../simulator';
import { startSimulator } from '../../../simulator';
import type { ApiAnswer, CallOptions } from './api';
import { callApi } from './api';

export interface Simulated extends Simulator {
  readonly control: ControlClient;
  /** A signed call that does not go through an SDK. */
  call(action: string, params?: Record<string, string>, options?: Partial<CallOptions>): Promise<ApiAnswer>;
  /** As `call`, and the answer must be 200. */
  ok(action: string, params?: Record<string, string>): Promise<ApiAnswer['body']>;
  /** As `call`, and the answer must be an error: `404 InvalidInstanceId.NotFound`. */
  fails(action: string, params?: Record<string, string>): Promise<string>;
}

/** Quick transitions, so that nothing has to be waited for. */
export const QUICK = {
  pending: 1,
  starting: 1,
  stopping: 1,
  forceStopping: 1,
  rebooting: 1,
  agentBoot: 1,
} as const;

/** Starts a simulator with a control client and a signing caller. */
export async function simulate(options: SimulatorOptions = {}): Promise<Simulated> {
  const simulator = await startSimulator(options);
  const defaults = { Region: simulator.regionId };
  const call: Simulated['call'] = (action, params = {}, extra = {}) =>
    callApi(simulator, action, { RegionId: defaults.Region, ...params }, extra);
  return Object.assign(simulator, {
    control: new ControlClient(simulator),
    call,
    async ok(action: string, params?: Record<string, string>) {
      const answer = await call(action, params);
      if (answer.status !== 200)
        throw new Error(`${action}: ${answer.status} ${JSON.stringify(answer.body)}`);
      return answer.body;
    },
    async fails(action: string, params?: Record<string, string>) {
      const answer = await call(action, params);
      const code = answer.body['Code'];
      return `${answer.status} ${typeof code === 'string' ? code : 'OK'}`;
    },
  });
}

/** A simulator for all tests of a file or block. */
export function useSimulator(options: SimulatorOptions = {}): () => Simulated {
  let running: Simulated | undefined;
  beforeAll(async () => {
    running = await simulate(options);
  });
  afterAll(async () => {
    await running?.close();
  });
  return () => {
    if (!running) throw new Error('the simulator has not been started');
    return running;
  };
}

/** Asks until the answer is right, for no longer than `ms`. */
export async function until<T>(ask: () => Promise<T>, right: (answer: T) => boolean, ms = 5_000): Promise<T> {
  const deadline = Date.now() + ms;
  for (;;) {
    const answer = await ask();
    if (right(answer)) return answer;
    if (Date.now() > deadline) throw new Error(`not within ${ms} ms; last answer: ${JSON.stringify(answer)}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
