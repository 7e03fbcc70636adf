import fc from 'fast-check';
import { Quota } from '../../src/ecs/quota';

const T0 = 1_800_000_000_000;

function quotaAt(limits: Record<string, number>): {
  quota: Quota;
  pass: (ms: number) => void;
  now: () => number;
} {
  let now = T0;
  const pass = (ms: number): void => void (now += ms);
  return { quota: new Quota(limits, () => now), pass, now: () => now };
}

describe('the quota', () => {
  it('refuses rather than waits when the next token is more than a second away', () => {
    const { quota } = quotaAt({ '*': 10 });
    expect(quota.take('RunCommand', 'r')).toEqual({ grant: 'now' });
    expect(quota.take('RunCommand', 'r')).toEqual({ grant: 'later', retryAfterMs: 6_000 });
  });

  it('waits for a token that is near', () => {
    const { quota } = quotaAt({ '*': 120 });
    const verdicts = Array.from({ length: 14 }, () => quota.take('X', 'r').grant);
    expect(verdicts).toEqual([...Array<string>(12).fill('now'), 'in', 'in']);
  });

  it('does not stay closed for hours because the clock was set back', () => {
    const { quota, pass } = quotaAt({ '*': 60 });
    quota.close('X', 'r');
    pass(-3_600_000);
    const verdict = quota.take('X', 'r');
    expect(verdict.grant).toBe('later');
    expect('retryAfterMs' in verdict && verdict.retryAfterMs).toBeLessThanOrEqual(120_000);
    pass(120_000);
    expect(quota.take('X', 'r').grant).not.toBe('later');
  });

  it('keeps actions and regions apart', () => {
    const { quota } = quotaAt({ '*': 10 });
    for (const [action, region] of [
      ['A', 'r1'],
      ['A', 'r2'],
      ['B', 'r1'],
    ] as const) {
      expect(quota.take(action, region).grant).toBe('now');
    }
  });

  it('never grants more than limit and burst in a minute, however it is asked', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 600 }),
        fc.array(fc.integer({ min: 0, max: 2_000 }), { maxLength: 400 }),
        (limit, gaps) => {
          const { quota, pass, now } = quotaAt({ '*': limit });
          const granted: number[] = [];
          for (const gap of gaps) {
            pass(gap);
            const verdict = quota.take('X', 'r');
            if (verdict.grant !== 'later')
              granted.push(now() + (verdict.grant === 'in' ? verdict.waitMs : 0));
          }
          for (const start of granted) {
            const inMinute = granted.filter((at) => at >= start && at < start + 60_000).length;
            expect(inMinute).toBeLessThanOrEqual(Math.ceil(limit * 1.1) + 1);
          }
        },
      ),
    );
  });

  it('is closed by Throttling until the next minute begins, or as long as the service says', () => {
    const { quota, pass } = quotaAt({ '*': 600 });
    pass(20_000 - (T0 % 60_000));
    expect(quota.close('X', 'r')).toBe(40_000);
    expect(quota.take('X', 'r')).toEqual({ grant: 'later', retryAfterMs: 40_000 });
    pass(40_000);
    expect(quota.take('X', 'r').grant).toBe('now');
    expect(quota.close('X', 'r', 300)).toBe(300);
  });
});
