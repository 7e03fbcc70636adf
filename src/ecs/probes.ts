/**
 * Calls that prove something without doing anything, for `steward doctor`.
 *
 * The one rule: nothing is created, changed or stopped, whoever's keys these are. Reads ask for names that cannot
 * exist. RunCommand, SendFile, StopInvocation and InstallCloudAssistant have no DryRun: they name what cannot exist, which
 * ECS looks for only after it has checked the permission, and the script would do nothing anyway. Leaving out a required
 * parameter would prove nothing: the gateway refuses that before it asks who calls.
 */
import {
  CancelSimulatedSystemEventsRequest,
  CreateCommandRequest,
  CreateSimulatedSystemEventsRequest,
  CreateSnapshotRequest,
  DeleteCommandRequest,
  DescribeCloudAssistantStatusRequest,
  DescribeCommandsRequest,
  DescribeDisksRequest,
  DescribeInstanceHistoryEventsRequest,
  DescribeInstancesRequest,
  DescribeInvocationResultsRequest,
  DescribeInvocationsRequest,
  DescribeSendFileResultsRequest,
  DescribeSnapshotsRequest,
  InstallCloudAssistantRequest,
  InvokeCommandRequest,
  ModifyCommandRequest,
  ListTagResourcesRequest,
  ListTagResourcesRequestTag,
  RebootInstanceRequest,
  RunCommandRequest,
  SendFileRequest,
  StartInstancesRequest,
  StopInstancesRequest,
  StopInvocationRequest,
} from '@alicloud/ecs20140526';
import type Ecs from '@alicloud/ecs20140526';
import { get as getHttp } from 'node:http';
import { get as getHttps } from 'node:https';
import type { FEATURES, Feature } from '../domain/permissions';
import { EcsError } from './errors';
import { SPOT_PROBES } from './spot-probes';
import { EcsTransport } from './transport';
import type { EcsOptions } from './transport';

/** Every action some feature calls; one without a probe does not compile. */
export type ProbedAction = (typeof FEATURES)[Feature][number];

type Send = (sdk: Ecs, regionId: string) => Promise<{ body?: { requestId?: string } }>;

/** Ids are twenty and more characters after the prefix; these are no one's. */
const NO_INSTANCE = 'i-stewarddoctor';
const NO_INVOCATION = 't-stewarddoctor';
const NO_FILE = 'f-stewarddoctor';
const NO_COMMAND = 'c-stewarddoctor';
const NO_EVENT = 'e-stewarddoctor';
const NO_DISK = 'd-stewarddoctor';
const NO_SNAPSHOT = 's-stewarddoctor';
const NO_TAG = 'steward-doctor-probe';

const PROBES: Record<ProbedAction, Send> = {
  ...SPOT_PROBES,
  DescribeInstances: (sdk, regionId) =>
    sdk.describeInstances(
      new DescribeInstancesRequest({ regionId, instanceIds: JSON.stringify([NO_INSTANCE]), maxResults: 10 }),
    ),
  ListTagResources: (sdk, regionId) =>
    sdk.listTagResources(
      new ListTagResourcesRequest({
        regionId,
        resourceType: 'instance',
        tag: [new ListTagResourcesRequestTag({ key: NO_TAG })],
      }),
    ),
  DescribeCloudAssistantStatus: (sdk, regionId) =>
    sdk.describeCloudAssistantStatus(
      new DescribeCloudAssistantStatusRequest({ regionId, instanceId: [NO_INSTANCE] }),
    ),
  DescribeInvocations: (sdk, regionId) =>
    sdk.describeInvocations(new DescribeInvocationsRequest({ regionId, invokeId: NO_INVOCATION })),
  DescribeInvocationResults: (sdk, regionId) =>
    sdk.describeInvocationResults(
      new DescribeInvocationResultsRequest({ regionId, invokeId: NO_INVOCATION }),
    ),
  RunCommand: (sdk, regionId) =>
    sdk.runCommand(
      new RunCommandRequest({
        regionId,
        type: 'RunShellScript',
        commandContent: Buffer.from('true').toString('base64'),
        contentEncoding: 'Base64',
        timeout: 10,
        instanceId: [NO_INSTANCE],
      }),
    ),
  // A type that is none is refused after the permission was looked at, and creates nothing.
  CreateCommand: (sdk, regionId) =>
    sdk.createCommand(
      new CreateCommandRequest({
        regionId,
        name: NO_TAG,
        type: 'RunNothing',
        commandContent: Buffer.from('true').toString('base64'),
      }),
    ),
  DescribeCommands: (sdk, regionId) =>
    sdk.describeCommands(new DescribeCommandsRequest({ regionId, commandId: NO_COMMAND })),
  InvokeCommand: (sdk, regionId) =>
    sdk.invokeCommand(
      new InvokeCommandRequest({ regionId, commandId: NO_COMMAND, instanceId: [NO_INSTANCE] }),
    ),
  ModifyCommand: (sdk, regionId) =>
    sdk.modifyCommand(new ModifyCommandRequest({ regionId, commandId: NO_COMMAND, name: 'probe' })),
  DeleteCommand: (sdk, regionId) =>
    sdk.deleteCommand(new DeleteCommandRequest({ regionId, commandId: NO_COMMAND })),
  SendFile: (sdk, regionId) =>
    sdk.sendFile(
      new SendFileRequest({
        regionId,
        name: NO_TAG,
        targetDir: '/tmp',
        content: 'nothing',
        timeout: 10,
        instanceId: [NO_INSTANCE],
      }),
    ),
  DescribeSendFileResults: (sdk, regionId) =>
    sdk.describeSendFileResults(new DescribeSendFileResultsRequest({ regionId, invokeId: NO_FILE })),
  StopInvocation: (sdk, regionId) =>
    sdk.stopInvocation(
      new StopInvocationRequest({ regionId, invokeId: NO_INVOCATION, instanceId: [NO_INSTANCE] }),
    ),
  DescribeInstanceHistoryEvents: (sdk, regionId) =>
    sdk.describeInstanceHistoryEvents(
      new DescribeInstanceHistoryEventsRequest({ regionId, eventId: [NO_EVENT], maxResults: 10 }),
    ),
  InstallCloudAssistant: (sdk, regionId) =>
    sdk.installCloudAssistant(new InstallCloudAssistantRequest({ regionId, instanceId: [NO_INSTANCE] })),
  RebootInstance: (sdk) =>
    sdk.rebootInstance(new RebootInstanceRequest({ instanceId: NO_INSTANCE, dryRun: true })),
  // All together, the default: an instance that is no one's refuses the call.
  StartInstances: (sdk, regionId) =>
    sdk.startInstances(new StartInstancesRequest({ regionId, instanceId: [NO_INSTANCE], dryRun: true })),
  StopInstances: (sdk, regionId) =>
    sdk.stopInstances(new StopInstancesRequest({ regionId, instanceId: [NO_INSTANCE], dryRun: true })),
  DescribeDisks: (sdk, regionId) =>
    sdk.describeDisks(new DescribeDisksRequest({ regionId, instanceId: NO_INSTANCE, maxResults: 10 })),
  CreateSnapshot: (sdk) => sdk.createSnapshot(new CreateSnapshotRequest({ diskId: NO_DISK })),
  DescribeSnapshots: (sdk, regionId) =>
    sdk.describeSnapshots(
      new DescribeSnapshotsRequest({ regionId, snapshotIds: JSON.stringify([NO_SNAPSHOT]), maxResults: 10 }),
    ),
  CreateSimulatedSystemEvents: (sdk, regionId) =>
    sdk.createSimulatedSystemEvents(
      new CreateSimulatedSystemEventsRequest({
        regionId,
        instanceId: [NO_INSTANCE],
        eventType: 'SystemMaintenance.Reboot',
        notBefore: new Date(Date.now() + 3_600_000).toISOString().replace(/\.\d+Z$/, 'Z'),
      }),
    ),
  CancelSimulatedSystemEvents: (sdk, regionId) =>
    sdk.cancelSimulatedSystemEvents(
      new CancelSimulatedSystemEventsRequest({ regionId, eventId: [NO_EVENT] }),
    ),
};

/** What an endpoint says to somebody without keys. */
export interface Reached {
  url: string;
  /** Its clock minus ours, in milliseconds; absent where it told no time. */
  skewMs?: number;
}

export interface EcsProbes {
  /** One unsigned request; rejects where nobody answers. */
  reach(region: string): Promise<Reached>;
  /** Rejects where the credential chain finds none. */
  checkCredentials(): Promise<void>;
  /** The refusal, or `undefined` where the call was answered. */
  probe(action: ProbedAction, region: string): Promise<EcsError | undefined>;
}

const REACH_WITHIN_MS = 10_000;

export function createEcsProbes(options: EcsOptions): EcsProbes {
  const transport = new EcsTransport(options);
  return {
    reach: (region) => reach(transport.urlOf(region)),
    checkCredentials: () => transport.checkCredentials(),
    async probe(action, region) {
      try {
        await transport.call(action, region, (sdk) => PROBES[action](sdk, region));
        return undefined;
      } catch (error) {
        if (error instanceof EcsError) return error;
        throw error;
      }
    },
  };
}

function reach(url: string): Promise<Reached> {
  const get = url.startsWith('https:') ? getHttps : getHttp;
  const sentAt = Date.now();
  return new Promise((resolve, reject) => {
    // An action, so that the answer is that of the API and not of a load balancer before it.
    const target = `${url}/?Action=DescribeRegions&Version=2014-05-26`;
    const request = get(target, { timeout: REACH_WITHIN_MS, agent: false }, (response) => {
      response.resume();
      const ours = (sentAt + Date.now()) / 2;
      // The header has whole seconds: half of one more is the best guess.
      const theirs = Date.parse(response.headers.date ?? '') + 500;
      resolve({ url, skewMs: Number.isNaN(theirs) ? undefined : Math.round(theirs - ours) });
    });
    request.once('timeout', () => request.destroy(new Error(`no answer within ${REACH_WITHIN_MS / 1000} s`)));
    request.once('error', reject);
  });
}
