/** Files through the SDK: the calls of these tests in few words. */
import * as Models from '@alicloud/ecs20140526';
import type { Assistant } from './assistant';
import { REGION } from './assistant';
import { until } from './simulated';

export type SendInput = Omit<Partial<Models.SendFileRequest>, 'tag'> & {
  tag?: { key: string; value: string }[];
};
export type SentRow = Models.DescribeSendFileResultsResponseBodyInvocationsInvocation;

const LIVE = ['Pending', 'Running'];

/** SendFile to all instances, or as told; its id. */
export async function send(on: Assistant, over: SendInput = {}): Promise<string> {
  const request = { regionId: REGION, name: 'app.conf', targetDir: '/etc/app', content: 'a = 1\n', ...over };
  const { body } = await on.sdk.sendFile(
    new Models.SendFileRequest({ instanceId: [...on.instanceIds], ...request }),
  );
  return body?.invokeId ?? '';
}

/** DescribeSendFileResults. */
export async function list(on: Assistant, over: object = {}): Promise<SentRow[]> {
  const request = new Models.DescribeSendFileResultsRequest({ regionId: REGION, ...over });
  return (await on.sdk.describeSendFileResults(request)).body?.invocations?.invocation ?? [];
}

/** `send` and `ended`. */
export async function sent(on: Assistant, over: SendInput = {}): Promise<SentRow> {
  const invokeId = await send(on, over);
  return ended(on, invokeId);
}

/** Waits for the end of a file and returns what is told of it. */
export async function ended(on: Assistant, invokeId: string): Promise<SentRow> {
  const [row] = await until(
    () => list(on, { invokeId }),
    ([first]) => first !== undefined && !LIVE.includes(first.invocationStatus ?? ''),
    20_000,
  );
  if (!row) throw new Error(`no file ${invokeId}`);
  return row;
}

/** Status, ErrorCode and ErrorInfo of each instance. */
export const tasksOf = (row: SentRow): [string | undefined, string | undefined, string | undefined][] =>
  (row.invokeInstances?.invokeInstance ?? []).map((task) => [
    task.invocationStatus,
    task.errorCode,
    task.errorInfo,
  ]);

/** What a script prints on the first instance. */
export async function output(on: Assistant, script: string, over: object = {}): Promise<string | undefined> {
  const [id = ''] = on.instanceIds;
  const { invokeId } = await on.run(script, { instanceId: [id], ...over });
  return (await on.ended(invokeId))[0]?.output;
}
