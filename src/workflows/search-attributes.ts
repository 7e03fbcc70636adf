/** The search attributes of our workflows: what it is about, and whether a person is wanted. */
import { defineSearchAttributeKey } from '@temporalio/common';
import { upsertSearchAttributes } from '@temporalio/workflow';

const REGION = defineSearchAttributeKey('EcsRegion', 'KEYWORD');
const OPERATION = defineSearchAttributeKey('StewardOperation', 'KEYWORD');
const INSTANCE_IDS = defineSearchAttributeKey('EcsInstanceId', 'KEYWORD_LIST');
const EVENT_ID = defineSearchAttributeKey('EcsEventId', 'KEYWORD');
const ATTENTION = defineSearchAttributeKey('StewardAttention', 'KEYWORD');

/** @param about at most 50 instance ids: a list attribute is limited by the server */
export function noteOperation(
  operation: string,
  { region, instanceIds = [], eventId }: { region?: string; instanceIds?: string[]; eventId?: string } = {},
): void {
  upsertSearchAttributes([
    { key: OPERATION, value: operation },
    ...(region === undefined ? [] : [{ key: REGION, value: region }]),
    ...(eventId === undefined ? [] : [{ key: EVENT_ID, value: eventId }]),
    ...(instanceIds.length > 0 ? [{ key: INSTANCE_IDS, value: instanceIds }] : []),
  ]);
}

/** What `steward attention` shows of this workflow; `null`: nothing wants a person any more. */
export function askForAttention(what: string | null): void {
  upsertSearchAttributes([{ key: ATTENTION, value: what }]);
}
