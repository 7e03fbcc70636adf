/**
 * The worker's log, and the Temporal SDK's within it.
 *
 * The one rule: payloads stay out of it. At its finest level the SDK writes whole tasks, with the inputs and results of
 * workflows and activities; who reads logs need not be who may read histories.
 */
import { Runtime } from '@temporalio/worker';
import type { Logger } from 'pino';

const LEVELS = { TRACE: 'trace', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' } as const;

/** Sends what the SDK logs to `log`. Once a process. */
export function installLogger(log: Logger): void {
  const at =
    (level: keyof typeof LEVELS) =>
    (message: string, meta?: object): void => {
      if (log.isLevelEnabled(LEVELS[level]))
        log[LEVELS[level]](level === 'TRACE' ? withoutPayloads(meta) : (meta ?? {}), message);
    };
  Runtime.install({
    logger: {
      log: (level, message, meta) => at(level)(message, meta),
      trace: at('TRACE'),
      debug: at('DEBUG'),
      info: at('INFO'),
      warn: at('WARN'),
      error: at('ERROR'),
    },
  });
}

/** The same with the data of each payload replaced by its length. */
export function withoutPayloads(meta: unknown): object {
  try {
    return JSON.parse(JSON.stringify(meta ?? {}, replacePayload)) as object;
  } catch {
    // Circular, or a number JSON has no word for: then only the message is logged.
    return {};
  }
}

function replacePayload(_: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('data' in value) || !('metadata' in value))
    return value;
  const { data } = value;
  const length = typeof data === 'string' || Array.isArray(data) ? data.length : undefined;
  return { ...value, data: `left out${length === undefined ? '' : `, ${length} characters`}` };
}
