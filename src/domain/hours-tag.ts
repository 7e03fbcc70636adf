/**
 * What the value of an instance's tag says about its hours.
 *
 * The one rule: a value that is not understood is reported with its text, and its instance is left alone.
 */
import { compileHours } from './hours-calendar';
import type { CompiledHours } from './hours-calendar';
import type { WorkingHours } from './hours-messages';
import type { TagSelector } from './messages';

export type TagVerdict =
  | { says: 'these' }
  | { says: 'ignore' }
  | { says: 'other'; name: string }
  | { says: 'own'; text: string; hours: CompiledHours }
  | { says: 'bad'; text: string; message: string };

const NAME = /^[a-z][a-z0-9-]{0,62}$/;
const EXAMPLE = 'the name of hours, ignore, or hours such as "mon-fri 09:00-21:00 Asia/Tokyo"';

/** @param knows whether hours of this name exist */
export function readTagValue(
  text: string,
  hours: WorkingHours,
  knows: (name: string) => boolean,
): TagVerdict {
  const value = text.trim();
  if (value === '' || value === hours.name) return { says: 'these' };
  if (value.toLowerCase() === 'ignore') return { says: 'ignore' };
  const parts = value.split(/\s+/);
  if (parts.length === 1 && NAME.test(value)) {
    if (knows(value)) return { says: 'other', name: value };
    return { says: 'bad', text, message: `names no working hours that exist; write ${EXAMPLE}` };
  }
  const [days = '', times = '', timeZone = ''] = parts;
  const [start, stop, ...more] = times.split('-');
  if (parts.length !== 3 || start === undefined || stop === undefined || more.length > 0)
    return { says: 'bad', text, message: `is not understood; write ${EXAMPLE}` };
  const { holidays, workdays, freezes, onHoliday } = hours;
  const read = compileHours({ days, start, stop, timeZone, holidays, workdays, freezes, onHoliday });
  if (read.ok && /^\d\d:\d\d$/.test(start)) return { says: 'own', text: value, hours: read.compiled };
  const message = read.ok
    ? 'has no times'
    : read.errors.map(({ path, message }) => `${path} ${message}`).join('; ');
  return { says: 'bad', text, message };
}

/** The value that says something: that of the first tag selected by its key alone. */
export function tagValueOf(
  selectors: readonly TagSelector[],
  tags: readonly { key: string; value: string }[],
): string {
  const free = selectors.find(({ value }) => value === undefined);
  return tags.find(({ key }) => key === free?.key)?.value ?? '';
}
