/**
 * Days out of an iCalendar file: holidays, make-up workdays, freezes.
 *
 * The one rule: read once, when hours are made or changed; from then on they are dates like any others.
 */
import type ICAL from 'ical.js' with { 'resolution-mode': 'import' };

const DAY = 86_400_000;
/** So far back and ahead events are taken; what repeats for ever has to end somewhere. */
const DAYS_BACK = 31;
const DAYS_AHEAD = 3 * 366;
const MAX_OCCURRENCES = 2_000;

/** Days as `2026-12-24`, or ranges of them, in order. @throws where the text is no calendar, or has no events */
export async function daysInCalendar(text: string, now: number): Promise<string[]> {
  const { default: ical } = await import('ical.js');
  const calendar = new ical.Component(ical.parse(text) as unknown[]);
  const events = calendar.getAllSubcomponents('vevent');
  if (events.length === 0) throw new Error('it has no events');
  const days = new Set<number>();
  const today = Math.floor(now / DAY);
  for (const component of events) {
    if (component.getFirstPropertyValue('status') === 'CANCELLED') continue;
    const event = new ical.Event(component);
    for (const [first, last] of occurrences(event, today + DAYS_AHEAD))
      for (let day = Math.max(first, today - DAYS_BACK); day <= Math.min(last, today + DAYS_AHEAD); day += 1)
        days.add(day);
  }
  return inRanges([...days].sort((a, b) => a - b));
}

/** First and last day of each time the event takes place. */
function occurrences(event: ICAL.Event, horizon: number): [number, number][] {
  if (!event.isRecurring()) return [spanOf(event.startDate, event.endDate)];
  const found: [number, number][] = [];
  const iterator = event.iterator();
  for (let count = 0; count < MAX_OCCURRENCES; count += 1) {
    const start = iterator.next() as ICAL.Time | undefined;
    if (!start) break;
    const end = start.clone();
    end.addDuration(event.duration);
    const span = spanOf(start, end);
    if (span[0] > horizon) break;
    found.push(span);
  }
  return found;
}

/** Days as the calendar writes them; the end of an event is the moment after it. */
function spanOf(start: ICAL.Time, end: ICAL.Time | undefined): [number, number] {
  const first = dayOf(start);
  if (!end) return [first, first];
  const atMidnight = end.isDate || end.hour + end.minute + end.second === 0;
  return [first, Math.max(first, dayOf(end) - (atMidnight ? 1 : 0))];
}

function dayOf({ year, month, day }: ICAL.Time): number {
  return Date.UTC(year, month - 1, day) / DAY;
}

function inRanges(days: readonly number[]): string[] {
  const ranges: [number, number][] = [];
  for (const day of days) {
    const last = ranges.at(-1);
    if (last?.[1] === day - 1) last[1] = day;
    else ranges.push([day, day]);
  }
  const text = (day: number): string => new Date(day * DAY).toISOString().slice(0, 10);
  return ranges.map(([from, to]) => (from === to ? text(from) : `${text(from)}..${text(to)}`));
}
