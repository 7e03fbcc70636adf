/**
 * Activities around the hooks of the policy file: what a hook is (without its secrets), asking a webhook, telling
 * people.
 *
 * The one rule: URLs and secrets of hooks stay in the worker; a workflow knows names.
 */
import { randomUUID } from 'node:crypto';
import { activityInfo } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { HookDefinition, PolicyFile, WebhookHook } from '../domain/policy';
import type { SystemEvent, SystemEventProgress } from '../domain/system-event';
import type { WebhookPayload, WebhookVerdict } from '../domain/webhook';

/** A hook as a workflow may know it. */
export type HookSummary =
  | Exclude<HookDefinition, { kind: 'webhook' }>
  | (Pick<WebhookHook, 'kind' | 'onFailure'> & Pick<HookDefinition, 'timeoutMs'>);

/** What a webhook is told about. */
export interface HookSubject {
  region: string;
  event?: SystemEvent;
  plan?: SystemEventProgress['plan'];
}

export interface HookActivities {
  /** `undefined` where the policy file defines no such hook. */
  readHook(request: { name: string }): Promise<HookSummary | undefined>;
  callHook(request: HookSubject & { name: string; kind: 'pre' | 'post' }): Promise<WebhookVerdict>;
  /** Tells every hook; fails, to be tried again, where one could not be told. */
  notify(request: HookSubject & { hooks: string[]; step: string; reason: string }): Promise<void>;
}

/** Calls a webhook with everything the worker knows of it: its secret, whether this is a simulation. */
export type Caller = (hook: WebhookHook, payload: WebhookPayload) => Promise<WebhookVerdict>;

export function createHookActivities(policies: PolicyFile, account: string, call: Caller): HookActivities {
  const tell = async (
    name: string,
    payload: Omit<
      WebhookPayload,
      'version' | 'hook' | 'delivery' | 'attempt' | 'account' | 'workflowId' | 'runId'
    >,
  ): Promise<WebhookVerdict> => {
    const hook = policies.hooks[name];
    if (hook?.kind !== 'webhook')
      return { verdict: 'error', reason: `the policy file defines no webhook ${name}`, retryable: false };
    const { workflowExecution, attempt, activityId } = activityInfo();
    const { workflowId = '', runId = '' } = workflowExecution ?? {};
    const delivery = `${runId || randomUUID()}/${activityId}/${name}`;
    return call(hook, { version: 1, hook: name, delivery, attempt, account, workflowId, runId, ...payload });
  };

  return {
    readHook: async ({ name }) => {
      const hook = policies.hooks[name];
      if (hook?.kind !== 'webhook') return hook;
      const { kind, onFailure, timeoutMs } = hook;
      return { kind, onFailure, timeoutMs };
    },

    callHook: ({ name, kind, ...subject }) =>
      tell(name, {
        kind,
        ...about(subject),
        summary: `${kind} ${subject.event?.type ?? 'event'} of ${subject.event?.instanceId ?? ''}`,
      }),

    notify: async ({ hooks, step, reason, ...subject }) => {
      for (const name of hooks) {
        const summary = `${step}: ${reason}`;
        const verdict = await tell(name, { kind: 'attention', ...about(subject), step, reason, summary });
        if (verdict.verdict === 'error' && verdict.retryable)
          throw ApplicationFailure.retryable(`${name}: ${verdict.reason}`, 'NotTold');
      }
    },
  };
}

function about({
  region,
  event,
  plan,
}: HookSubject): Pick<WebhookPayload, 'region' | 'instanceId' | 'event' | 'plan'> {
  if (!event) return { region };
  const { eventId, type, notBefore, status, instanceId } = event;
  const shortPlan = plan && {
    action: plan.action,
    at: plan.action === 'act' ? plan.at : undefined,
    window: plan.action === 'act' ? plan.window : undefined,
    deadline: plan.deadline,
    reason: plan.reason,
  };
  return { region, instanceId, event: { eventId, type, notBefore, status }, plan: shortPlan };
}
