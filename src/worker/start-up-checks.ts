/**
 * What a worker checks before it polls, so that it fails at once and clearly instead of breaking every workflow task
 * later: the namespace exists, its search attributes are registered, its retention is not too short.
 */
import type { Connection } from '@temporalio/client';
import { SEARCH_ATTRIBUTES } from '../domain/messages';

/** Below this, ids can be used again too soon: "an id means once" no longer holds. */
const MIN_RETENTION_DAYS = 7;
const SECONDS_PER_DAY = 86_400;

const TYPE_NAMES: Record<number, string> = {
  1: 'Text',
  2: 'Keyword',
  3: 'Int',
  4: 'Double',
  5: 'Bool',
  6: 'Datetime',
  7: 'KeywordList',
};

export interface NamespaceFindings {
  /** What makes working impossible, each with how to mend it. */
  errors: string[];
  warnings: string[];
}

/** Reads namespace and search attributes; throws only where the server cannot be asked. */
export async function checkNamespace(connection: Connection, namespace: string): Promise<NamespaceFindings> {
  const described = await connection.workflowService.describeNamespace({ namespace });
  const registered = await connection.operatorService.listSearchAttributes({ namespace });
  const errors: string[] = [];
  const warnings: string[] = [];
  for (const [name, type] of Object.entries(SEARCH_ATTRIBUTES)) {
    const actual = registered.customAttributes?.[name];
    const command = `temporal operator search-attribute create --namespace ${namespace} --name ${name} --type ${type}`;
    if (actual === undefined || actual === null) {
      errors.push(
        `search attribute ${name} is not registered in namespace ${namespace}; register it: ${command}`,
      );
    } else if (TYPE_NAMES[actual] !== type) {
      errors.push(
        `search attribute ${name} is ${TYPE_NAMES[actual] ?? actual} in namespace ${namespace}, it must be ${type}`,
      );
    }
  }
  const retention = Number(described.config?.workflowExecutionRetentionTtl?.seconds ?? 0) / SECONDS_PER_DAY;
  if (retention < MIN_RETENTION_DAYS) {
    warnings.push(
      `namespace ${namespace} keeps closed workflows ${retention} days; ids may be used again after that. ` +
        `Raise it: temporal operator namespace update --namespace ${namespace} --retention 30d`,
    );
  }
  return { errors, warnings };
}
