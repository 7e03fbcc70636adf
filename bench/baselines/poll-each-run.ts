/**
 * The baseline, as users of the SDK write it: each run sends its command and then asks for its results every two
 * seconds until it has ended.
 *
 * The one rule: nothing of ecs-steward in here, nothing clever, nothing slower than it has to be.
 */
import Ecs, { DescribeInvocationResultsRequest, RunCommandRequest } from '@alicloud/ecs20140526';
import { Config } from '@alicloud/openapi-client';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Simulator } from '../../simulator';

const EVERY_MS = 2_000;
const WITHIN_MS = 120_000;
const ENDED = /^(Success|Failed|Timeout|Error|Invalid|Aborted|Terminated|Cancelled)$/;

/** One run on each instance, all at once; resolves when all have ended. */
export async function pollEachRun(simulator: Simulator): Promise<void> {
  const client = new Ecs(
    new Config({
      endpoint: simulator.endpoint,
      protocol: 'http',
      regionId: simulator.regionId,
      accessKeyId: simulator.accessKeyId,
      accessKeySecret: simulator.accessKeySecret,
    }),
  );
  await Promise.all(simulator.instanceIds.map((id) => runAndPoll(client, simulator.regionId, id)));
}

async function runAndPoll(client: Ecs, regionId: string, instanceId: string): Promise<void> {
  const sent = await client.runCommand(
    new RunCommandRequest({
      regionId,
      type: 'RunShellScript',
      commandContent: 'uname',
      instanceId: [instanceId],
    }),
  );
  const request = new DescribeInvocationResultsRequest({ regionId, invokeId: sent.body?.invokeId });
  for (const deadline = Date.now() + WITHIN_MS; Date.now() < deadline;) {
    await sleep(EVERY_MS);
    const { body } = await client.describeInvocationResults(request);
    const rows = body?.invocation?.invocationResults?.invocationResult ?? [];
    if (rows.length > 0 && rows.every((row) => ENDED.test(row.invocationStatus ?? ''))) return;
  }
  throw new Error(`${instanceId} has not ended within ${WITHIN_MS} ms`);
}
