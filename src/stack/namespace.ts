/**
 * Makes an embedded server's namespace what this product needs: history kept for 30 days, search attributes known.
 *
 * The one rule: only ever called on a server this process started itself; other people's namespaces are theirs.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time';
import { SEARCH_ATTRIBUTES } from '../domain/messages';
import { messageOf, StackError } from './errors';

/** Ids mean once only as long as their runs are kept; the server's own default is one day. */
const RETENTION = '30 days';
/** Attributes of a database of an older version appear some moments after they were added. */
const WITHIN_MS = 30_000;
/** temporal.api.enums.v1.IndexedValueType */
const VALUE_TYPES = { Keyword: 2, KeywordList: 7 } as const;

/** Connects, sets the retention, adds what attributes are missing, and waits until the server knows them. */
export async function prepareNamespace(address: string, namespace: string): Promise<void> {
  const deadline = Date.now() + WITHIN_MS;
  for (;;) {
    try {
      await prepare(address, namespace);
      return;
    } catch (error) {
      if (Date.now() > deadline) {
        throw new StackError(`The Temporal server at ${address} does not get ready: ${messageOf(error)}`);
      }
      await sleep(50);
    }
  }
}

async function prepare(address: string, namespace: string): Promise<void> {
  const connection = await Connection.connect({ address, connectTimeout: '5s' });
  try {
    const config = { workflowExecutionRetentionTtl: msToTs(RETENTION) };
    await connection.workflowService.updateNamespace({ namespace, config });
    const known = await connection.operatorService.listSearchAttributes({ namespace });
    const missing = Object.entries(SEARCH_ATTRIBUTES).filter(
      ([name]) => !(name in (known.customAttributes ?? {})),
    );
    if (missing.length === 0) return;
    const searchAttributes = Object.fromEntries(missing.map(([name, type]) => [name, VALUE_TYPES[type]]));
    await connection.operatorService.addSearchAttributes({ namespace, searchAttributes });
    throw new Error(`search attributes ${missing.map(([name]) => name).join(', ')} are not there yet`);
  } finally {
    await connection.close();
  }
}
