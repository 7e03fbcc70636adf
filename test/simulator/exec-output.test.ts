import fc from 'fast-check';
import { OutputBuffer, RUNNING_OUTPUT_BYTES } from '../../simulator/exec/output-buffer';

const LIMIT = 24_576;
/** Bytes that say where they stand, a little longer than the longest write. */
const PATTERN = Buffer.from(Array.from({ length: 200_000 }, (_, index) => index % 251));

type Event = { readonly write: number } | { readonly report: true };
const events = fc.array(fc.oneof(fc.record({ write: fc.nat(9_000) }), fc.constant<Event>({ report: true })), {
  maxLength: 60,
});

/** Plays events; returns all bytes and what had been reported. */
function play(list: readonly Event[], buffer = new OutputBuffer(LIMIT)) {
  const parts: Buffer[] = [];
  let at = 0;
  let reported = 0;
  for (const event of list) {
    if ('report' in event) {
      buffer.report();
      reported = Math.min(at, RUNNING_OUTPUT_BYTES);
      continue;
    }
    const chunk = PATTERN.subarray(at % 251, (at % 251) + event.write);
    at += chunk.length;
    parts.push(chunk);
    buffer.write(chunk);
  }
  return { all: Buffer.concat(parts), reported, buffer };
}

describe('kept output', () => {
  it('is all of it while it fits, else the reported head and the newest tail, with the cut counted', () => {
    fc.assert(
      fc.property(events, (list) => {
        const { all, reported, buffer } = play(list);
        const { output, dropped } = buffer.finish();
        expect(output.length + dropped).toBe(all.length);
        expect(output.length).toBe(Math.min(all.length, LIMIT));
        const expected =
          all.length <= LIMIT
            ? all
            : Buffer.concat([all.subarray(0, reported), all.subarray(all.length - (LIMIT - reported))]);
        expect(output.equals(expected)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it('while it runs is the start of the output, at most 6,000 bytes, and never taken back', () => {
    fc.assert(
      fc.property(events, (list) => {
        const { all, reported, buffer } = play(list);
        expect(buffer.running().equals(all.subarray(0, reported))).toBe(true);
        expect(buffer.finish().output.subarray(0, reported).equals(buffer.running())).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it('of a script that was never reported is the tail alone', () => {
    const { all, buffer } = play(Array.from({ length: 10 }, () => ({ write: 9_000 })));
    expect(buffer.finish().output.equals(all.subarray(-LIMIT))).toBe(true);
  });

  it('is the same however the bytes were cut into pieces', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 4_000 }), { minLength: 1, maxLength: 40 }), (sizes) => {
        const whole = play([{ write: sizes.reduce((sum, size) => sum + size, 0) }]);
        const pieces = play(sizes.map((write) => ({ write })));
        const [a, b] = [pieces.buffer.finish(), whole.buffer.finish()];
        expect([a.output.equals(b.output), a.dropped]).toEqual([true, b.dropped]);
      }),
    );
  });

  it('of many tiny writes is held in bounded memory', () => {
    const buffer = new OutputBuffer(LIMIT);
    const byte = Buffer.from('x');
    const before = process.memoryUsage().arrayBuffers;
    for (let count = 0; count < 200_000; count += 1) buffer.write(byte);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(60_000_000);
    expect(buffer.finish()).toMatchObject({ dropped: 200_000 - LIMIT });
  });
});
