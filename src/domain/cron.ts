/**
 * When something recurs: cron with or without seconds, in a zone that is named.
 *
 * The one rule: what could never come, or could mean two things, is refused, with the field and how to mend it.
 */
interface Field {
  name: string;
  from: number;
  to: number;
}

const FIELDS: Field[] = [
  { name: 'second', from: 0, to: 59 },
  { name: 'minute', from: 0, to: 59 },
  { name: 'hour', from: 0, to: 23 },
  { name: 'day of month', from: 1, to: 31 },
  { name: 'month', from: 1, to: 12 },
  { name: 'day of week', from: 0, to: 6 },
];

/** February has 29 days in some years. */
const DAYS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

const PART = /^(?:\*|(\d{1,2})(?:-(\d{1,2}))?)(?:\/(\d{1,2}))?$/;

/** What is wrong with a cron expression of five fields, or six with seconds first; empty: nothing. */
export function cronErrors(text: string): string[] {
  const words = text.trim().split(/\s+/);
  if (words.length !== 5 && words.length !== 6)
    return [
      `has ${words.length} fields; give five (minute hour day-of-month month day-of-week), or six with the second first`,
    ];
  const fields = FIELDS.slice(6 - words.length);
  const errors = words.flatMap((word, at) => fieldErrors(word, fields[at] ?? { name: '', from: 0, to: 0 }));
  if (errors.length > 0) return errors;
  const [days = '*', months = '*', weekdays = '*'] = words.slice(-3);
  if (days !== '*' && weekdays !== '*')
    return [
      'names days of the month and of the week; some take that for "or", some for "and". Give two schedules',
    ];
  const never = valuesOf(months, FIELDS[4]).every((month) =>
    valuesOf(days, FIELDS[3]).every((day) => day > (DAYS[month - 1] ?? 0)),
  );
  return never ? [`never comes: no month it names has a day ${days}`] : [];
}

/** The form Temporal takes for seconds first: seven fields, the year last. */
export function temporalCron(text: string): string {
  const words = text.trim().split(/\s+/);
  return words.length === 6 ? [...words, '*'].join(' ') : words.join(' ');
}

/** The numbers each field of six stands for, in order; of text that has no errors. */
export function cronValues(text: string): number[][] {
  return text
    .trim()
    .split(/\s+/)
    .map((word, at) => [...new Set(valuesOf(word, FIELDS[at]))].sort((a, b) => a - b));
}

function fieldErrors(word: string, { name, from, to }: Field): string[] {
  const wrong = word.split(',').some((part) => {
    const match = PART.exec(part);
    if (!match) return true;
    const [, first, last, step] = match;
    const [low, high] = [Number(first ?? from), Number(last ?? first ?? to)];
    const by = Number(step ?? 1);
    return low < from || high > to || low > high || by === 0 || by > to;
  });
  return wrong
    ? [
        `${name} ${JSON.stringify(word.slice(0, 40))} must be *, or numbers from ${from} to ${to} as 5, 1-5, 1,3,5 or */10`,
      ]
    : [];
}

function valuesOf(word: string, { from, to }: Field = { name: '', from: 0, to: 0 }): number[] {
  return word.split(',').flatMap((part) => {
    const [, first, last, step] = PART.exec(part) ?? [];
    const low = Number(first ?? from);
    const high = Number(last ?? (first === undefined || step !== undefined ? to : first));
    const by = Number(step ?? 1);
    return Array.from({ length: Math.floor((high - low) / by) + 1 }, (_, at) => low + at * by);
  });
}
