/**
 * `manageTimed`: starts, lists, shows or stops commands that Cloud Assistant runs at times, and reads their history.
 *
 * Promise: each part of a timed command is sent at most once, under a name that nothing else of ours has; what a stop
 * says has been read back. What ECS refuses is a result.
 */
import { workflowInfo } from '@temporalio/workflow';
import { assertResultSize } from '../domain/rows';
import { MANAGE_TIMED } from '../domain/timed-commands';
import type { ManageTimedInput, ManageTimedResult } from '../domain/timed-commands';
import { refuseBadInput } from './input';
import { lookingAtTimed, stoppingTimed } from './proxies';
import { refusalOf } from './run-batch';
import { startTimed } from './timed-start';
import { noteOperation } from './search-attributes';

export async function manageTimed(input: ManageTimedInput): Promise<ManageTimedResult> {
  await refuseBadInput(MANAGE_TIMED, input);
  noteOperation(MANAGE_TIMED, { region: input.region });
  const { action } = input;
  try {
    const result = { action, ...(await act(input)) } as ManageTimedResult;
    assertResultSize(result);
    return result;
  } catch (error) {
    const refusal = refusalOf(error);
    if (!refusal) throw error;
    return { action, outcome: 'refused', reason: refusal.message };
  }
}

function act(input: ManageTimedInput): Promise<object> {
  const { region } = input;
  const now = Date.now();
  switch (input.action) {
    case 'start':
      return startTimed(input, workflowInfo().runId);
    case 'list':
      return lookingAtTimed.listTimed({ region, active: input.active ?? false, now });
    case 'show':
      return lookingAtTimed.showTimed({ region, which: input.which, now });
    case 'history': {
      const { action: _, ...request } = input;
      return lookingAtTimed.collectHistory({ ...request, now });
    }
    case 'stop':
      return stoppingTimed.stopTimed({ region, which: input.which, instanceIds: input.instanceIds, now });
  }
}
