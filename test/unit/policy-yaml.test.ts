/** A policy file is YAML without its traps: whatever the text is, the answer is a file or errors, and soon. */
import fc from 'fast-check';
import { parsePolicyFile } from '../../src/hooks/policy-file';
import { errorsIn } from '../support/policy-errors';

describe('YAML is taken strictly', () => {
  test.each([
    [
      'a key twice',
      'version: 1\npolicies: []\nversion: 1',
      /^\(3:1\): has a name that this place has already/,
    ],
    ['a tag of its own', 'version: !js 1\npolicies: []', /uses a tag/],
    ['a standard tag', 'version: !!int "1"\npolicies: []', /uses a tag/],
    ['binary', 'version: 1\npolicies: !!binary aGk=', /uses a tag/],
    ['two documents', 'version: 1\npolicies: []\n---\nversion: 1', /begins a second document/],
    ['a tab', 'version: 1\npolicies:\n\t- name: a', /tab|not YAML/i],
    ['an open bracket', 'version: 1\npolicies: [', /is not YAML/],
    [
      'an alias of nothing',
      'version: 1\npolicies: *p',
      /^\(2:11\): refers to &p, which nothing before it is called/,
    ],
    ['a merge key', 'version: 1\npolicies: []\n<<: {a: 1}', /^"<<" \(3:1\): is unknown/],
    ['a key that is a list', 'version: 1\npolicies: []\n? [a]\n: 1', /not YAML/],
  ])('%s', (_, text, expected) => {
    expect(errorsIn(text)[0]).toMatch(expected);
  });

  test('a list may be shared, and what is wrong in it is told at each place', () => {
    const text =
      'version: 1\npolicies:\n  - {name: a, match: {eventTypes: &t [X.y]}}\n  - {name: b, match: {eventTypes: *t}}';
    expect(errorsIn(text)).toEqual([
      expect.stringMatching(/^policies\[0\]\.match\.eventTypes\[0\] \(3:39\)/),
      expect.stringMatching(/^policies\[1\]\.match\.eventTypes\[0\] \(4:23\)/),
    ]);
  });

  test.each([
    ['many aliases of aliases', bomb(), /more than 50 aliases/],
    ['itself', 'version: 1\npolicies: &p [*p]', /nested deeper/],
    ['64 KB and more', `# ${'x'.repeat(70_000)}`, /at most 65536 are allowed/],
    ['brackets', '['.repeat(60_000), /nested too deep/],
    ['braces', '{a: '.repeat(15_000), /nested too deep/],
    ['dashes', '- '.repeat(30_000), /nested too deep/],
    ['question marks', '? '.repeat(30_000), /nested too deep/],
    ['dashes and question marks', '  - ?   - ? '.repeat(3_000), /nested too deep/],
  ])('a file made to hurt is refused: %s', (_, text, expected) => {
    expect(errorsIn(text)).toEqual([expect.stringMatching(expected)]);
  });

  test('any text gives a file or errors, and never throws', () => {
    const pieces = fc.constantFrom(
      'version: 1\n',
      'policies:',
      '\n  - ',
      'name: a',
      '[',
      ']',
      '{',
      '}',
      '&a ',
      '*a',
      ': ',
      '!',
      '"',
      '|\n',
      '\t',
      '? ',
      '# ',
      "'",
      '%',
      '---\n',
      '\u0000',
      '\ud800',
    );
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(pieces, { maxLength: 40 }).map((all) => all.join('')),
    );
    fc.assert(
      fc.property(text, (each) => {
        const parsed = parsePolicyFile(each);
        if (!parsed.ok) expect(parsed.errors.length).toBeGreaterThan(0);
      }),
      { numRuns: 500 },
    );
  });
});

function bomb(): string {
  const lists = [...'abcdef'].map((name, index, names) => {
    const before = names[index - 1];
    return `${name}: &${name} [${Array(9)
      .fill(before ? `*${before}` : 'x')
      .join(', ')}]`;
  });
  return `version: 1\npolicies: []\n${lists.join('\n')}`;
}
