/** Files that Cloud Assistant writes on instances. */
import {
  DescribeSendFileResultsRequest,
  DescribeSendFileResultsRequestTag,
  SendFileRequest,
  SendFileRequestTag,
} from '@alicloud/ecs20140526';
import type { DescribeSendFileResultsResponseBody } from '@alicloud/ecs20140526';
import type { InvocationState } from '../domain/invocation';
import type { FileSpec } from '../domain/sending';
import type { InvocationResult } from './cloud-assistant';
import { pagesByToken } from './paging';
import type { EcsTransport } from './transport';

export interface SendFileCall {
  region: string;
  instanceIds: string[];
  file: FileSpec;
  /** At most 64 ASCII characters; the same for every attempt of one batch. */
  clientToken: string;
  /** Kept on the file task, so that it can be found again without its id. */
  tags: Record<string, string>;
}

/** A file task and what became of it on each instance. */
export interface SentFile extends InvocationState {
  rows: InvocationResult[];
}

export interface FileCalls {
  sendFile(call: SendFileCall): Promise<{ invokeId: string }>;
  /** `undefined` where no record is listed: not visible yet, or purged. */
  describeSentFile(region: string, invokeId: string): Promise<SentFile | undefined>;
  /** File tasks that carry all of `tags`. */
  findSentFiles(region: string, tags: Record<string, string>): Promise<SentFile[]>;
  /** Pages of at most 50 file tasks of the account, newest first (undocumented: check); `status` is one InvocationStatus. */
  sentFilePages(region: string, status?: string): AsyncIterable<SentFile[]>;
}

const FILES_PER_PAGE = 50;

export function fileCalls(transport: EcsTransport): FileCalls {
  const pages = async function* (
    region: string,
    asked: { invocationStatus?: string; tag?: DescribeSendFileResultsRequestTag[] },
  ): AsyncIterable<SentFile[]> {
    const request = (nextToken?: string): DescribeSendFileResultsRequest =>
      new DescribeSendFileResultsRequest({
        ...{ regionId: region, maxResults: FILES_PER_PAGE, nextToken },
        ...asked,
      });
    for await (const body of pagesByToken((token) =>
      transport.call('DescribeSendFileResults', region, (sdk) => sdk.describeSendFileResults(request(token))),
    ))
      yield filesOf(body);
  };
  return {
    async sendFile({ region, instanceIds, file, clientToken, tags }) {
      const isBase64 = file.contentType === 'Base64';
      const request = new SendFileRequest({
        regionId: region,
        name: file.name,
        targetDir: file.targetDirectory,
        content: isBase64 ? file.content : Buffer.from(file.content, 'utf8').toString('base64'),
        contentType: 'Base64',
        fileMode: file.mode,
        fileOwner: file.owner,
        fileGroup: file.group,
        overwrite: file.overwrite,
        description: file.description,
        timeout: file.timeoutSeconds,
        instanceId: instanceIds,
        clientToken,
        tag: Object.entries(tags).map(([key, value]) => new SendFileRequestTag({ key, value })),
      });
      const body = await transport.call('SendFile', region, (sdk) => sdk.sendFile(request));
      return { invokeId: body.invokeId ?? '' };
    },

    async describeSentFile(region, invokeId) {
      const request = new DescribeSendFileResultsRequest({ regionId: region, invokeId, maxResults: 50 });
      const body = await transport.call('DescribeSendFileResults', region, (sdk) =>
        sdk.describeSendFileResults(request),
      );
      return filesOf(body).find((file) => file.invokeId === invokeId);
    },

    async findSentFiles(region, tags) {
      const tag = Object.entries(tags).map(
        ([key, value]) => new DescribeSendFileResultsRequestTag({ key, value }),
      );
      const found: SentFile[] = [];
      for await (const page of pages(region, { tag })) found.push(...page);
      return found;
    },

    sentFilePages: (region, invocationStatus) => pages(region, { invocationStatus }),
  };
}

function filesOf(body: DescribeSendFileResultsResponseBody): SentFile[] {
  return (body.invocations?.invocation ?? []).map((file) => {
    const invokeId = file.invokeId ?? '';
    const rows = (file.invokeInstances?.invokeInstance ?? []).map((task): InvocationResult => ({
      instanceId: task.instanceId ?? '',
      invokeId,
      status: task.invocationStatus ?? '',
      errorCode: task.errorCode ?? '',
      errorInfo: task.errorInfo ?? '',
      startedAt: task.startTime ?? '',
      finishedAt: task.finishTime ?? '',
      outputBase64: '',
      dropped: 0,
      oss: { uri: '', status: '', errorCode: '', errorInfo: '' },
    }));
    return {
      invokeId,
      status: file.invocationStatus ?? '',
      legacyStatus: '',
      createdAt: file.creationTime ?? '',
      instances: rows.map(({ instanceId, status }) => ({ instanceId, status })),
      rows,
    };
  });
}
