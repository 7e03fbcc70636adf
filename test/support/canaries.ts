/**
 * Planted secrets and where they must not turn up.
 *
 * The one rule: a secret is looked for in every form in which a request or a log may carry it: as it is, in Base64, and
 * percent-encoded; and the search itself is shown to find what is there.
 */
import type { WorkflowHandle } from '@temporalio/client';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** The forms of a planted text. Base64 without its ends, which depend on what stands beside it. */
function formsOf(secret: string): string[] {
  const base64 = [0, 1, 2].map((shift) =>
    Buffer.from('x'.repeat(shift) + secret)
      .toString('base64')
      .replace(/=+$/, '')
      .slice(shift === 0 ? 0 : 4, -4),
  );
  return [secret, encodeURIComponent(secret), ...base64];
}

/** The secrets found in `text`, by name. */
export function leaked(text: string, secrets: Readonly<Record<string, string>>): string[] {
  return Object.entries(secrets)
    .filter(([, secret]) => formsOf(secret).some((form) => text.includes(form)))
    .map(([name]) => name);
}

/** What one event of a history says, payloads decoded. */
interface EventText {
  type: string;
  text: string;
}

/** Every event of a workflow, over all runs it continued in (the first is named). */
export async function eventsOf(handle: WorkflowHandle): Promise<EventText[]> {
  const { events } = await handle.fetchHistory();
  return (events ?? []).map((event) => {
    const attributes = Object.keys(event).find((key) => key.endsWith('EventAttributes')) ?? '';
    return { type: attributes.replace(/EventAttributes$/, ''), text: textOf(event).join('\n') };
  });
}

/** Every text and every byte string below a value. */
function textOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (value instanceof Uint8Array) return [Buffer.from(value).toString('utf8')];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, each]) => [key, ...textOf(each)]);
}

/** Everything in the files of a directory. */
export function filesText(dir: string): string {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'))
    .join('\n');
}
