/**
 * What clocks show in a zone, and the days on which they change: the oracle of tests about windows.
 *
 * The one rule: it asks Intl for a reading and computes nothing, so it cannot share a mistake with the product.
 */

const WEEKDAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];

/** Zones and days around which their clocks change (for Tokyo: any). */
export const ZONES = [
  { zone: 'Asia/Tokyo', days: ['2026-03-08T00:00:00Z', '2026-11-01T00:00:00Z'] },
  { zone: 'America/New_York', days: ['2026-03-08T07:00:00Z', '2026-11-01T06:00:00Z'] },
  { zone: 'Europe/Berlin', days: ['2026-03-29T01:00:00Z', '2026-10-25T01:00:00Z'] },
  { zone: 'Australia/Lord_Howe', days: ['2026-04-04T15:00:00Z', '2026-10-03T15:30:00Z'] },
] as const;

const formats = new Map<string, Intl.DateTimeFormat>();

/** Weekday (0 is Monday), minute of the day and date that a clock in `zone` shows at `ms`. */
export function wallClock(ms: number, zone: string): { weekday: number; minute: number; date: string } {
  const format =
    formats.get(zone) ??
    new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      weekday: 'short',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
    });
  formats.set(zone, format);
  const part = Object.fromEntries(format.formatToParts(ms).map(({ type, value }) => [type, value]));
  return {
    weekday: WEEKDAYS.indexOf(part.weekday ?? ''),
    minute: Number(part.hour) * 60 + Number(part.minute),
    date: `${part.year}-${part.month}-${part.day}`,
  };
}

/** A minute of the day as people write it: `02:30`. */
export function clock(minute: number): string {
  return [Math.floor(minute / 60), minute % 60].map((part) => String(part).padStart(2, '0')).join(':');
}
