/** Figures of benchmarks and how they are printed. The one rule: a figure that could not be taken is `-`, not 0. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

export type Cell = string | number | undefined;

export function mean(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The smallest value that at least `share` of the values do not exceed. */
export function percentile(values: readonly number[], share: number): number | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)];
}

/** Milliseconds as seconds with one decimal. */
export function seconds(milliseconds: number | undefined): string | undefined {
  return milliseconds === undefined ? undefined : (milliseconds / 1_000).toFixed(1);
}

/** Resident memory of a process in MB: now, and at its peak where the system tells. */
export function memoryOf(pid: number): { now: number; peak?: number } {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const megabytes = (name: string): number =>
      Math.round(Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? 0) / 1024);
    return { now: megabytes('VmRSS'), peak: megabytes('VmHWM') };
  } catch {
    const kilobytes = execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' });
    return { now: Math.round(Number(kilobytes) / 1024) };
  }
}

/** Prints a Markdown table. */
export function printTable(
  title: string,
  heads: readonly string[],
  rows: readonly (readonly Cell[])[],
): void {
  const line = (cells: readonly Cell[]): string => `| ${cells.map((cell) => cell ?? '-').join(' | ')} |\n`;
  process.stdout.write(
    `\n${title}\n\n${line(heads)}${line(heads.map(() => '---'))}${rows.map(line).join('')}`,
  );
}

/** Runs a benchmark; says on stderr what went wrong. */
export function runBenchmark(benchmark: () => Promise<void>): void {
  benchmark().then(
    () => process.exit(0),
    (error: unknown) => {
      process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
      process.exit(1);
    },
  );
}

/** A line on stderr: what is being done. */
export function say(text: string): void {
  process.stderr.write(`${text}\n`);
}
