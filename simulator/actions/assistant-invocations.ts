/**
 * DescribeInvocations, DescribeInvocationResults and StopInvocation. The rule: an id nobody knows is an empty list
 * when one asks and 404 when one acts.
 */
import { cloudAssistant } from '../assistant';
import type { Execution, Invocation, Task } from '../assistant/model';
import { isRepeating, isTimed } from '../assistant/model';
import { isOver } from '../assistant/timed';
import { isEnd, legacyStatus, wholeLegacyStatus, wholeStatus } from '../assistant/vocabulary';
import type { ActionContext } from '../core';
import { defineAction, EcsError, flag, text } from '../core';
import { ordered, sentFilters, sentMatching } from './assistant-listing';
import type { SentFilters } from './assistant-listing';
import { ASSISTANT_PAGES, instanceIds } from './assistant-params';
import { encoder, invocationView, resultView } from './assistant-views';

const filters = { CommandId: text(), ContentEncoding: text(), ...sentFilters };

function matching(
  context: ActionContext,
  given: SentFilters & { readonly CommandId: string | undefined },
): Invocation[] {
  const { store } = cloudAssistant(context.simulation);
  return sentMatching(context, store.sent, given).filter(
    (invocation) => given.CommandId === undefined || invocation.command.commandId === given.CommandId,
  );
}

/** DescribeInvocations: one row per invocation. */
export const describeInvocations = defineAction({
  name: 'DescribeInvocations',
  required: ['RegionId'],
  quota: 'describe',
  params: {
    RegionId: text(),
    CommandName: text(),
    CommandType: text(),
    InvokeStatus: text(),
    IncludeOutput: flag(),
    RepeatMode: text(),
    Timed: flag(),
    ...filters,
  },
  handle(context, params) {
    const { InstanceId: instanceId, IncludeOutput: includeOutput = false } = params;
    if (includeOutput && params.InvokeId === undefined && instanceId === undefined)
      throw new EcsError(400, 'MissingParam.InvokeId', 'InvokeId or InstanceId is required for the output.');
    const found = matching(context, params).filter(
      (invocation) =>
        (params.CommandType === undefined || invocation.command.type === params.CommandType) &&
        (params.Timed === undefined || params.Timed === (isTimed(invocation) && !isOver(invocation))) &&
        hasStatus(invocation, instanceId, params.InvokeStatus) &&
        (instanceId !== undefined ||
          ((params.CommandName === undefined || invocation.command.name === params.CommandName) &&
            (params.RepeatMode === undefined || invocation.repeatMode === params.RepeatMode))),
    );
    const rows = ordered(context, found);
    const page = context.page(rows, (row) => row.order, params, ASSISTANT_PAGES);
    const { dispatcher } = cloudAssistant(context.simulation);
    const encode = encoder(params.ContentEncoding);
    const outputOf = (task: Task): Buffer | undefined =>
      includeOutput ? dispatcher.outputOf(task) : undefined;
    const views = page.items.map((row) => invocationView(row.sent, { encode, instanceId, outputOf }));
    return { ...page.fields, Invocations: { Invocation: views } };
  },
});

/** DescribeInvocationResults: one row per instance, or per occurrence with IncludeHistory. */
export const describeInvocationResults = defineAction({
  name: 'DescribeInvocationResults',
  required: ['RegionId'],
  quota: 'describe',
  params: { RegionId: text(), InvokeRecordStatus: text(), IncludeHistory: flag(), ...filters },
  handle(context, params) {
    const withHistory = params.IncludeHistory ?? false;
    if (withHistory && params.InvokeId === undefined)
      throw new EcsError(400, 'MissingParam.InvokeId', 'InvokeId is required when IncludeHistory is true.');
    const wanted = params.InvokeRecordStatus;
    const rows = ordered(context, matching(context, params)).flatMap(({ sent: invocation, order }) =>
      invocation.tasks.flatMap((task, index) => {
        if (params.InstanceId !== undefined && task.instanceId !== params.InstanceId) return [];
        return executionsOf(task, withHistory && isRepeating(invocation)).map((execution) => ({
          invocation,
          task,
          execution,
          order: withHistory ? -execution.sequence : order + index,
        }));
      }),
    );
    const fitting = rows.filter(({ invocation, task, execution }) => {
      const { status } = execution;
      const legacy = legacyStatus(status, execution === task && isRepeating(invocation));
      return wanted === undefined || [status, legacy].includes(wanted as never);
    });
    if (withHistory) fitting.sort((a, b) => a.order - b.order);
    const page = context.page(fitting, (row) => row.order, params, ASSISTANT_PAGES);
    const { dispatcher } = cloudAssistant(context.simulation);
    const encode = encoder(params.ContentEncoding);
    const views = page.items.map(({ invocation, task, execution }) => {
      const output = execution === task ? dispatcher.outputOf(task) : execution.output;
      return resultView(invocation, task, execution, encode(output));
    });
    return { Invocation: { ...page.fields, InvocationResults: { InvocationResult: views } } };
  },
});

/** StopInvocation. */
export const stopInvocation = defineAction({
  name: 'StopInvocation',
  required: ['RegionId', 'InvokeId'],
  quota: 'mutate',
  params: { RegionId: text(), InvokeId: text(), InstanceId: instanceIds(50) },
  handle(context, params) {
    const assistant = cloudAssistant(context.simulation);
    const invocation = assistant.store.invocation(context.region.regionId, params.InvokeId);
    if (invocation.createdAt < context.purgedBefore)
      throw new EcsError(404, 'InvalidInvokeId.NotFound', 'The specified invoke ID does not exist.');
    const known = new Set(invocation.tasks.map((task) => task.instanceId));
    if (params.InstanceId.some((id) => !known.has(id)))
      throw new EcsError(404, 'InvalidInstance.NotFound', 'The specified instance does not exist.');
    assistant.stop(invocation, params.InstanceId, context.requestId);
    return {};
  },
});

/** With an instance in the question it is that instance's status that counts. */
function hasStatus(
  invocation: Invocation,
  instanceId: string | undefined,
  wanted: string | undefined,
): boolean {
  if (wanted === undefined) return true;
  const tasks = invocation.tasks.filter((task) => instanceId === undefined || task.instanceId === instanceId);
  const statuses = tasks.map((task) => task.status);
  const repeats = isRepeating(invocation);
  const legacy = wholeLegacyStatus(statuses, repeats);
  if (wanted === 'Finished') return legacy === 'Finished';
  // What repeats is Running between its occurrences too, and never Failed or PartialFailed.
  if (repeats && ['Running', 'Failed', 'PartialFailed'].includes(wanted)) return legacy === wanted;
  return wholeStatus(statuses) === wanted;
}

function executionsOf(task: Task, withHistory: boolean): Execution[] {
  if (!withHistory) return [task];
  const isUnderWay = !isEnd(task.status) && task.status !== 'Scheduled';
  return isUnderWay ? [...task.history, task] : [...task.history];
}
