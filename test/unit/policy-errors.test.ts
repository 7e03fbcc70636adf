/** What is wrong with a policy file is said with its place and how to mend it, all of it at once. */
import { errorsIn } from '../support/policy-errors';

const inPolicy = (lines: string): string => `version: 1\npolicies:\n  - name: p\n    ${lines}\n`;
const withHook = (lines: string): string => `version: 1\npolicies: []\nhooks:\n  h:\n    ${lines}\n`;

describe('an error says where, what, and how to mend it', () => {
  test.each([
    ['a key mistyped', inPolicy('window: []'), 'policies[0].window (4:5): is unknown; did you mean windows?'],
    [
      'a key nobody knows',
      inPolicy('match: {zzz: 1}'),
      /^policies\[0\]\.match\.zzz \(4:13\): is unknown; known are eventTypes, /,
    ],
    [
      'a key of the file',
      'version: 1\npolices: []\npolicies: []',
      'polices (2:1): is unknown; did you mean policies?',
    ],
    ['nothing but comments', '# later', /is empty; a policy file begins with version: 1/],
    ['a list', '- a', /must be an object, not a list/],
    ['a missing name', 'version: 1\npolicies:\n  - windows: []', 'policies[0].name (3:5): is missing'],
    ['another version', 'version: 2\npolicies: []', /^version \(1:1\): 2 must be 1/],
    [
      'a window',
      inPolicy('windows: ["Sat 2:00-5:00 Asia/Tokyo"]'),
      /^policies\[0\]\.windows\[0\] \(4:15\): .*write them like 02:00-05:00/,
    ],
    ['a zone', inPolicy('windows: [Sat 02:00-05:00 Asia/Tokio]'), /did you mean Asia\/Tokyo\?/],
    [
      'a window without room',
      inPolicy('windows: [Sat 02:00-02:10 UTC]'),
      /10 min long and the work takes 15 min; .* say work: 10m/,
    ],
    ['an exclusion', inPolicy('exclude: [2026-02-30]'), /no calendar has/],
    [
      'a duration without a unit',
      inPolicy('margin: 30'),
      'policies[0].margin (4:5): 30 must be a duration such as 90s, 30m or 2h',
    ],
    ['a duration of no sense', inPolicy('margin: 30min'), /must be a duration/],
    ['a margin of nothing', inPolicy('margin: 0s'), /must be from 2m to 7d/],
    ['a word', inPolicy('ifNoWindow: never'), /"never" must be act-at-deadline, alert-only or now/],
    [
      'an event type',
      inPolicy('match: {eventTypes: [systemMaintenance.reboot]}'),
      /did you mean SystemMaintenance\.Reboot\?/,
    ],
    [
      'no event type at all',
      inPolicy('match: {eventTypes: ["*"]}'),
      /they look like SystemMaintenance\.Reboot/,
    ],
    ['an instance id', inPolicy('match: {instanceIds: [web-1]}'), /they look like i-bp1abc/],
    [
      'a number as a tag',
      inPolicy('match: {tags: [{key: port, value: 80}]}'),
      /must be text; put it in quotes/,
    ],
    [
      'a hook nobody defines',
      inPolicy('pre: [drain]'),
      'policies[0].pre[0] (4:11): names the hook drain, which is not there; define it under hooks',
    ],
    ['a hook mistyped', `${inPolicy('pre: [drian]')}hooks: {drain: {snapshot: {}}}`, /did you mean drain\?/],
    ['a hook of Object', inPolicy('pre: [valueof]'), /which is not there/],
    ['a hook twice', `${inPolicy('pre: [a, a]')}hooks: {a: {snapshot: {}}}`, /names a twice/],
    [
      'telling a snapshot',
      `${inPolicy('notify: [a]')}hooks: {a: {snapshot: {}}}`,
      /no webhook; only webhooks can tell/,
    ],
    [
      'a name used twice',
      'version: 1\npolicies: [{name: a, match: {instanceIds: [i-1]}}, {name: a}]',
      /name of another policy already/,
    ],
    [
      'what is never reached',
      'version: 1\npolicies: [{name: a, match: {instanceIds: []}}, {name: b}]',
      /^policies\[0\] \(2:12\): matches every event/,
    ],
    [
      'a health timeout without a command',
      inPolicy('health: {timeout: 60s}'),
      /is for a command, and there is none/,
    ],
    ['a port', inPolicy('health: {tcp: {port: 0}}'), /must be a port from 1 to 65535/],
    [
      'a hook that does nothing',
      withHook('timeout: 1m'),
      'hooks.h (4:3): does nothing; give it command, snapshot or webhook',
    ],
    [
      'a hook that does two things',
      withHook('snapshot: {}\n    webhook: {url: "https://example.com"}'),
      /is snapshot and webhook at once; make it 2 hooks/,
    ],
    [
      'a hook that ends before its command',
      withHook('command: {content: ls, timeoutSeconds: 600}\n    timeout: 5m'),
      /too short for timeoutSeconds 600; give at least 630s/,
    ],
    ['a script with a byte that is none', withHook('command: {content: "a\\0b"}'), /NUL byte/],
    ['an empty script', withHook('command: {content: ""}'), /is empty/],
    ['a hook over http', withHook('webhook: {url: "http://example.com/"}'), /must begin with https:\/\//],
    [
      'a password in an address',
      withHook('webhook: {url: "https://a:b@example.com/"}'),
      /sign with secretEnv instead/,
    ],
    ['another scheme', withHook('webhook: {url: "file:///etc/passwd"}'), /not an address/],
    [
      'a secret instead of its name',
      withHook('webhook: {url: "https://example.com", secretEnv: hunter2}'),
      /the secret itself never stands in this file/,
    ],
    [
      'a network',
      withHook('webhook: {url: "https://example.com", allowPrivate: [intranet]}'),
      /must be a network such as 10\.20\.0\.0\/16/,
    ],
    [
      'a name of a hook',
      'version: 1\npolicies: []\nhooks: {Drain: {snapshot: {}}}',
      /hooks\.Drain \(3:9\): is not a name/,
    ],
    [
      'a way to a prototype',
      'version: 1\npolicies: []\nhooks: {__proto__: {snapshot: {}}}',
      /__proto__ \(3:9\): is not allowed/,
    ],
    ['a constructor', 'version: 1\npolicies: []\nhooks: {constructor: {snapshot: {}}}', /is not allowed/],
  ])('%s', (_, text, expected) => {
    const errors = errorsIn(text);
    expect(errors).toHaveLength(1);
    expect(errors[0]).toEqual(typeof expected === 'string' ? expected : expect.stringMatching(expected));
  });

  test('all of them at once', () => {
    const text = inPolicy('margin: x\n    windows: [y]\n    pre: [z]\n    aproval: {}\n    ifNoWindow: 1');
    const errors = errorsIn(text);
    expect(errors).toHaveLength(5);
    for (const line of [4, 5, 6, 7, 8]) expect(errors.join('\n')).toContain(`(${line}:`);
  });

  test('the first 50, where there are more', () => {
    const policies = Array.from(
      { length: 80 },
      (_, index) => `  - {name: p${index}, match: {eventTypes: [X]}, zz: 1}`,
    );
    const errors = errorsIn(`version: 1\npolicies:\n${policies.join('\n')}`);
    expect(errors).toHaveLength(51);
    expect(errors.at(-1)).toMatch(/^: and \d+ more errors/);
  });

  test('and never what could upset a terminal', () => {
    for (const text of [inPolicy('margin: "\\e[2J\\u202e"'), inPolicy('"\\e]0;x\\a": 1'), '\u001b[2J: [']) {
      expect(errorsIn(text).join('\n')).not.toMatch(/(?!\n)\p{Cc}|\u202e/u);
      expect(errorsIn(text).length).toBeGreaterThan(0);
    }
  });
});
