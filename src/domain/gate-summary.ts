/** What people read of a gate in the Web UI's current details. Everything people did not write is escaped. */
import type { GateRequest, GateState } from './gate';

/** Holders and waiters listed by name; the rest is counted. */
const LISTED = 20;
/** Keys shown of one request. */
const SHOWN_KEYS = 3;

/** Markdown: who holds what, and who waits, in order. */
export function gateDetailsOf({ region, held, waiting }: GateState): string {
  return [
    `**${held.length} hold, ${waiting.length} wait** in ${region}`,
    listOf('holds', held),
    listOf('waits for', waiting),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

function listOf(verb: string, requests: readonly GateRequest[]): string {
  const lines = requests
    .slice(0, LISTED)
    .map(
      (request) =>
        `- ${code(request.holder)} (${code(request.purpose)}) ${verb} ${code(keysText(request))} since ${isoOf(request)}`,
    );
  if (requests.length > LISTED) lines.push(`- and ${requests.length - LISTED} more`);
  return lines.join('\n');
}

/** The first keys by name, the others counted. */
export function keysText({ keys }: Pick<GateRequest, 'keys'>): string {
  const shown = keys.slice(0, SHOWN_KEYS).join(', ');
  return keys.length > SHOWN_KEYS ? `${shown} and ${keys.length - SHOWN_KEYS} more` : shown;
}

function code(text: string): string {
  return `\`${text.replaceAll('`', "'")}\``;
}

function isoOf({ askedAt }: GateRequest): string {
  return new Date(askedAt).toISOString();
}
