/**
 * Durations as people write them in files: `90s`, `30m`, `2h`, `7d`.
 *
 * The one rule: a whole number and one unit, nothing else; so no text means two things.
 */

const DURATION = /^(0|[1-9]\d{0,5})([smhd])$/;
const SECONDS: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** Seconds of a duration; `undefined` for text that is none. */
export function parseDuration(text: string): number | undefined {
  const [, count, unit] = DURATION.exec(text) ?? [];
  const seconds = SECONDS[unit ?? ''];
  return seconds === undefined ? undefined : Number(count) * seconds;
}

/** Seconds in words of at most two units: `2 days 3 h`, `45 min`, `20 s`. */
export function describeDuration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const days = Math.floor(whole / 86_400);
  const parts = [
    { count: days, unit: days === 1 ? 'day' : 'days' },
    { count: Math.floor((whole % 86_400) / 3600), unit: 'h' },
    { count: Math.floor((whole % 3600) / 60), unit: 'min' },
    { count: whole % 60, unit: 's' },
  ];
  const first = parts.findIndex(({ count }) => count > 0);
  if (first < 0) return '0 s';
  const kept = parts.slice(first, first + 2).filter(({ count }) => count > 0);
  return kept.map(({ count, unit }) => `${count} ${unit}`).join(' ');
}
