/**
 * Time zones of Frequency: a full name, `GMT+8:00`, `GMT` or `UTC`. The rule: other abbreviations do not exist.
 */

/** Turns local time of a zone into UTC and back; local time is written as if it were UTC. */
export interface Zone {
  toLocal(utc: number): number;
  toUtc(local: number): number;
}

/** The zone of that name, or undefined. */
export function zoneOf(name: string): Zone | undefined {
  if (name === 'UTC' || name === 'GMT') return fixed(0);
  const gmt = /^GMT([+-])(\d|1\d):([0-5]\d)$/.exec(name);
  if (gmt) {
    const minutes = Number(gmt[2]) * 60 + Number(gmt[3]);
    return minutes <= 14 * 60 ? fixed(minutes * 60_000 * (gmt[1] === '-' ? -1 : 1)) : undefined;
  }
  return name.includes('/') ? named(name) : undefined;
}

function fixed(offset: number): Zone {
  return { toLocal: (utc) => utc + offset, toUtc: (local) => local - offset };
}

function named(name: string): Zone | undefined {
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: name,
      hourCycle: 'h23',
      ...{ year: 'numeric', month: 'numeric', day: 'numeric' },
      ...{ hour: 'numeric', minute: 'numeric', second: 'numeric' },
    });
  } catch {
    return undefined;
  }
  const toLocal = (utc: number): number => {
    const parts = new Map(format.formatToParts(utc).map(({ type, value }) => [type, Number(value)]));
    const part = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type) ?? 0;
    return Date.UTC(
      part('year'),
      part('month') - 1,
      part('day'),
      part('hour'),
      part('minute'),
      part('second'),
    );
  };
  // Two steps find the offset on either side of a change of the clocks.
  const toUtc = (local: number): number => {
    const guess = local - (toLocal(local) - local);
    return guess - (toLocal(guess) - local);
  };
  return { toLocal, toUtc };
}
