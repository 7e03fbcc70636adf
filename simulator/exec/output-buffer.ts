/**
 * What is kept of a script's output. The rule: memory is bounded whatever a script writes, and what is lost is
 * counted.
 *
 * The agent reports output while a script runs, at most once a second and only the first 6,000 bytes; at the end
 * it sends the tail that still fits. So a long output is a head and a tail with the middle cut, and the output of
 * a script that ends within the first second is its tail alone.
 */

/** How much of the output the agent reports before the end. */
export const RUNNING_OUTPUT_BYTES = 6_000;

/** Collects output; keeps at most `limit` bytes of it. */
export class OutputBuffer {
  private head = Buffer.alloc(0);
  private tail: Buffer[] = [];
  private tailBytes = 0;
  private total = 0;
  private reported = 0;

  constructor(private readonly limit: number) {}

  /** Bytes written so far. */
  get written(): number {
    return this.total;
  }

  /** Takes output as it comes. */
  write(chunk: Buffer): void {
    const room = Math.min(RUNNING_OUTPUT_BYTES, this.limit) - this.head.length;
    if (room > 0) this.head = Buffer.concat([this.head, chunk.subarray(0, room)]);
    this.total += chunk.length;
    // A copy, so that a small piece does not hold on to the large block it was read into.
    this.tail.push(Buffer.from(chunk.subarray(Math.max(0, chunk.length - this.limit))));
    this.tailBytes += this.tail[this.tail.length - 1]?.length ?? 0;
    this.trim();
  }

  /** The agent's report, once a second: what is known now of the first bytes will stay. */
  report(): void {
    this.reported = this.head.length;
  }

  /** What has been reported while the script runs. */
  running(): Buffer {
    return this.head.subarray(0, this.reported);
  }

  /** What is kept when the script has ended. */
  finish(): { output: Buffer; dropped: number } {
    const head = this.running();
    const rest = this.total - head.length;
    const room = Math.min(rest, this.limit - head.length);
    const tail = Buffer.concat(this.tail);
    return {
      output: Buffer.concat([head, tail.subarray(tail.length - room)]),
      dropped: rest - room,
    };
  }

  private trim(): void {
    let first = this.tail[0];
    while (first && this.tailBytes - first.length >= this.limit) {
      this.tailBytes -= first.length;
      this.tail.shift();
      first = this.tail[0];
    }
    // Many tiny writes must not become many tiny buffers.
    if (this.tail.length > 256) this.tail = [Buffer.concat(this.tail)];
  }
}
