/**
 * What a worker checks before it polls, so that it fails at once and clearly instead of breaking every workflow task
 * later: the namespace exists, its search attributes are registered, its retention is not too short.
 */
import type { Connection } from '@temporalio/client';
import { attributeFindings, retentionFinding } from '../domain/findings';
import type { Finding } from '../domain/findings';

const SECONDS_PER_DAY = 86_400;

export interface NamespaceFindings {
  /** What makes working impossible, each with how to mend it. */
  errors: string[];
  warnings: string[];
}

/** Reads namespace and search attributes; throws only where the server cannot be asked. */
export async function checkNamespace(connection: Connection, namespace: string): Promise<NamespaceFindings> {
  const described = await connection.workflowService.describeNamespace({ namespace });
  const registered = await connection.operatorService.listSearchAttributes({ namespace });
  const retention = Number(described.config?.workflowExecutionRetentionTtl?.seconds ?? 0) / SECONDS_PER_DAY;
  const findings = [
    ...attributeFindings(namespace, registered.customAttributes ?? {}),
    retentionFinding(namespace, retention),
  ];
  const linesOf = (status: Finding['status']): string[] =>
    findings
      .filter((each) => each.status === status)
      .map(({ what, mend }) => `${what}. Mend it: ${mend ?? ''}`);
  return { errors: linesOf('failed'), warnings: linesOf('warning') };
}
