/**
 * Days and times of working hours as people write them: `mon-fri`, `09:00`, `0 9 * * 1-5`, and what they mean.
 *
 * The one rule: a text is read into the same `BoundaryRule`, whatever its form, or refused with how to mend it.
 */

/** The days and times of one kind of boundary, by the wall clock. Absent lists mean all. */
export interface BoundaryRule {
  minutes: number[];
  hours: number[];
  /** 1 to 31. */
  daysOfMonth?: number[];
  /** 1 to 12. */
  months?: number[];
  /** 0 is Monday, 6 Sunday. */
  daysOfWeek?: number[];
  /** 1 where the boundary lies on the day after the one the hours belong to. */
  dayShift: 0 | 1;
}

export type Read<T> = { ok: true; value: T } | { ok: false; message: string };

export const DAY_NAMES = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
/** Clocks change before four; of several times in such a night the server passes some over. */
const LAST_HOUR_OF_NIGHT = 3;
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

/** Reads `mon-fri` or `mon,wed,sat-sun`; capitals do not matter. */
export function readDays(text: string): Read<number[]> {
  const days = new Set<number>();
  for (const part of text.toLowerCase().split(',')) {
    const [from = '', to = from, ...more] = part.split('-');
    const [first, last] = [from, to].map((name) => (DAY_NAMES as readonly string[]).indexOf(name));
    if (first === undefined || last === undefined || first < 0 || last < 0 || more.length > 0) {
      const shown = JSON.stringify(part.slice(0, 20));
      return refused(
        `has days ${shown}; days are ${DAY_NAMES.join(', ')}, such as mon-fri or mon,wed,sat-sun`,
      );
    }
    for (let day = first; ; day = (day + 1) % 7) {
      days.add(day);
      if (day === last) break;
    }
  }
  return { ok: true, value: [...days].sort((a, b) => a - b) };
}

/** Minutes after midnight of `09:00`; `undefined` for other text. */
export function minuteOfDay(text: string): number | undefined {
  const [, hours, minutes] = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(text) ?? [];
  return hours === undefined ? undefined : Number(hours) * 60 + Number(minutes);
}

/** Reads five cron fields: minute, hour, day of the month, month, day of the week. */
export function readCron(text: string): Read<BoundaryRule> {
  const fields = text.trim().split(/\s+/);
  if (fields.length !== 5) return refused(fieldCountMessage(fields));
  const [minute = '', hour = '', day = '', month = '', week = ''] = fields;
  const parts = {
    minute: readField(minute, { what: 'minute', min: 0, max: 59 }),
    hour: readField(hour, { what: 'hour', min: 0, max: 23 }),
    day: readField(day, { what: 'day of the month', min: 1, max: 31 }),
    month: readField(month, { what: 'month', min: 1, max: 12, names: MONTHS, nameBase: 1 }),
    week: readField(week, {
      what: 'day of the week',
      min: 0,
      max: 7,
      names: ['sun', ...DAY_NAMES],
      nameBase: 0,
    }),
  };
  for (const part of Object.values(parts)) if (!part.ok) return part;
  const { minute: minutes, hour: hours, day: days, month: months, week: weekdays } = parts;
  if (!minutes.ok || !hours.ok || !days.ok || !months.ok || !weekdays.ok)
    return refused('is not a cron string');
  if (day !== '*' && week !== '*')
    return refused(
      'restricts the day of the month and the day of the week; cron means either, Temporal means both: restrict one',
    );
  const atNight = hours.value.some((hour) => hour <= LAST_HOUR_OF_NIGHT);
  if (atNight && minutes.value.length * hours.value.length > 1)
    return refused(
      `has several times a day, and one before 0${LAST_HOUR_OF_NIGHT + 1}:00, when clocks may change; make one each`,
    );
  // 0 and 7 are Sunday in cron; here Monday is 0.
  const daysOfWeek = [...new Set(weekdays.value.map((value) => (value + 6) % 7))].sort((a, b) => a - b);
  return {
    ok: true,
    value: {
      minutes: minutes.value,
      hours: hours.value,
      ...(day === '*' ? {} : { daysOfMonth: days.value }),
      ...(month === '*' ? {} : { months: months.value }),
      ...(week === '*' ? {} : { daysOfWeek }),
      dayShift: 0,
    },
  };
}

interface FieldKind {
  what: string;
  min: number;
  max: number;
  names?: readonly string[];
  nameBase?: number;
}

function fieldCountMessage(fields: string[]): string {
  if (fields.length !== 6)
    return `has ${fields.length} fields; write minute hour day month weekday, such as 0 9 * * 1-5`;
  const five = fields.slice(1).join(' ');
  const head = fields.slice(0, 5).join(' ');
  return (
    'has six fields, and they mean different things: Cloud Assistant counts seconds first, ' +
    `Temporal's sixth field is the year. Here is yours in five: ${JSON.stringify(five)} if the first counts seconds, ` +
    `${JSON.stringify(head)} if the last is the year`
  );
}

function readField(text: string, kind: FieldKind): Read<number[]> {
  const found = new Set<number>();
  for (const part of text.toLowerCase().split(',')) {
    const [, range = '', step] = /^([^/]+)(?:\/(\d{1,2}))?$/.exec(part) ?? [];
    const bounds = range === '*' ? [kind.min, kind.max] : range.split('-').map((name) => valueOf(name, kind));
    const [from, to = step === undefined ? from : kind.max] = bounds;
    const wrong =
      from === undefined || to === undefined || bounds.length > 2 || bounds.includes(undefined) || from > to;
    if (wrong || step === '0')
      return refused(
        `has ${JSON.stringify(part.slice(0, 20))} for the ${kind.what}; ${kind.min} to ${kind.max}`,
      );
    for (let value = from; value <= to; value += Number(step ?? 1)) found.add(value);
  }
  return { ok: true, value: [...found].sort((a, b) => a - b) };
}

function valueOf(text: string, { min, max, names = [], nameBase = 0 }: FieldKind): number | undefined {
  const named = names.indexOf(text);
  const value = named >= 0 ? named + nameBase : /^\d{1,2}$/.test(text) ? Number(text) : NaN;
  return value >= min && value <= max ? value : undefined;
}

export function refused(message: string): { ok: false; message: string } {
  return { ok: false, message };
}
