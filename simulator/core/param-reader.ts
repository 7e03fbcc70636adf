/**
 * Reads the flat `Name.N.Sub` parameters of one call and remembers which names were looked at.
 * The rule: an index is a number, gaps are allowed, and order is numeric (2 before 10).
 */
export class ParamReader {
  private readonly consumed: Set<string>;

  constructor(
    private readonly raw: ReadonlyMap<string, string>,
    private readonly prefix = '',
    consumed?: Set<string>,
  ) {
    this.consumed = consumed ?? new Set();
  }

  /** The full name as the caller wrote it. */
  fullName(name: string): string {
    return this.prefix + name;
  }

  /** The value of a scalar parameter, or undefined. */
  get(name: string): string | undefined {
    const key = this.prefix + name;
    const value = this.raw.get(key);
    if (value !== undefined) this.consumed.add(key);
    return value;
  }

  /** True when a scalar, a list or an object of that name was sent with any content. */
  has(name: string): boolean {
    const key = this.prefix + name;
    const value = this.raw.get(key);
    if (value !== undefined) return value !== '';
    const head = `${key}.`;
    for (const candidate of this.raw.keys()) if (candidate.startsWith(head)) return true;
    return false;
  }

  /** The numbers N of `name.N` and `name.N.Sub`, in numeric order. */
  indices(name: string): number[] {
    const head = `${this.prefix}${name}.`;
    const found = new Set<number>();
    for (const key of this.raw.keys()) {
      if (!key.startsWith(head)) continue;
      const digits = /^(\d{1,6})(?:\.|$)/.exec(key.slice(head.length));
      if (digits?.[1] !== undefined && Number(digits[1]) > 0) found.add(Number(digits[1]));
    }
    return [...found].sort((a, b) => a - b);
  }

  /** A reader of the parameters below `name.`; what it looks at counts for this one too. */
  below(name: string): ParamReader {
    return new ParamReader(this.raw, `${this.prefix}${name}.`, this.consumed);
  }

  /** Counts everything below `name.` as known. */
  consumeBelow(name: string): void {
    const head = `${this.prefix}${name}.`;
    for (const key of this.raw.keys()) if (key.startsWith(head)) this.consumed.add(key);
  }

  /** The names that were sent and that nobody asked for. */
  unknown(accepted: ReadonlySet<string>): string[] {
    return [...this.raw.keys()].filter((key) => !this.consumed.has(key) && !accepted.has(key)).sort();
  }
}
