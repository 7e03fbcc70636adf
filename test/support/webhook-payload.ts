/** What tests tell webhooks, and where. */
import type { WebhookPayload } from '../../src/domain/webhook';

/** A name that leads nowhere unless a test says where. */
export const HOST = 'hooks.example.com';

export const PAYLOAD: WebhookPayload = {
  version: 1,
  kind: 'pre',
  hook: 'ticket',
  delivery: 'run/1/ticket',
  attempt: 1,
  account: 'default',
  region: 'cn-hangzhou',
  summary: 'may we reboot i-bp1abc? ünïcode',
  workflowId: 'system-event/default/cn-hangzhou/e-1',
  runId: 'r-1',
};
