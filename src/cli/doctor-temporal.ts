/**
 * What the doctor finds about Temporal: server, namespace, retention, search attributes, workers.
 *
 * The one rule: what cannot be asked because something before it failed is left out, not guessed.
 */
import type { Config } from '../config';
import { attributeFindings, retentionFinding } from '../domain/findings';
import type { Finding } from '../domain/findings';
import { connectTemporal, isPolled, placeOf } from './connection';
import type { Temporal } from './connection';
import { CliError, messageOf } from './exit';
import { selfCommand } from './self';

const SECONDS_PER_DAY = 86_400;

/** Looks at everything, and says each thing as soon as it is known. */
export async function* examineTemporal(config: Config): AsyncGenerator<Finding> {
  const place = placeOf(config);
  let temporal: Temporal;
  try {
    temporal = await connectTemporal(config, place);
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    const [what = '', ...mend] = error.message.split('\n');
    yield { status: 'failed', what, mend: mend.join(' ') };
    return;
  }
  try {
    const { address, namespace } = temporal;
    yield {
      status: 'ok',
      what: `Temporal answers at ${address} (from ${place.from}), namespace ${namespace}`,
    };
    yield await retention(temporal);
    yield* await attributes(temporal);
    yield* await workers(temporal);
  } finally {
    await temporal.close();
  }
}

async function retention({ connection, namespace }: Temporal): Promise<Finding> {
  const { config } = await connection.workflowService.describeNamespace({ namespace });
  const seconds = Number(config?.workflowExecutionRetentionTtl?.seconds ?? 0);
  return retentionFinding(namespace, seconds / SECONDS_PER_DAY);
}

async function attributes({ connection, namespace }: Temporal): Promise<Finding[]> {
  try {
    const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
    const wrong = attributeFindings(namespace, customAttributes ?? {});
    return wrong.length > 0 ? wrong : [{ status: 'ok', what: 'the search attributes are registered' }];
  } catch (error) {
    return [
      {
        status: 'warning',
        what: `the search attributes cannot be read: ${messageOf(error)}`,
        mend: 'ask with an account that may read them; a worker checks them at its start too',
      },
    ];
  }
}

async function workers(temporal: Temporal): Promise<Finding[]> {
  const { taskQueue, account } = temporal;
  const kinds = [
    ['workflows', 1],
    ['activities', 2],
  ] as const;
  return Promise.all(
    kinds.map(async ([kind, type]): Promise<Finding> => {
      if (await isPolled(temporal, type))
        return { status: 'ok', what: `a worker polls ${taskQueue} for ${kind}` };
      return {
        status: 'failed',
        what: `no worker polls ${taskQueue} for ${kind} (account ${account})`,
        mend: `${selfCommand()} worker, with the same STEWARD_ACCOUNT; or everything on this machine: ${selfCommand()} up`,
      };
    }),
  );
}
