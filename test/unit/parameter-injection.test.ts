/** A parameter's value is put into the script before a shell sees it: what is taken stays words, what could be code is refused. */
import fc from 'fast-check';
import { execFileSync } from 'node:child_process';
import { parseRunCommandInput } from '../../src/domain/run-command-input';

const CORPUS = [
  '; id',
  '&& id',
  '| id',
  '`id`',
  '$(id)',
  '${HOME}',
  '$HOME',
  'a\nid',
  "'",
  '"',
  '‘quoted’',
  '> /tmp/x',
  '< /etc/passwd',
  '*',
  '?',
  '[a]',
  '~',
  '#x',
  '!!',
  '\\',
  '(id)',
  '{a,b}',
  '{{ACS::InstanceId}}',
  '{{x}}',
  '\u0000',
  '\u001b[31m',
  '\u202e',
];

const taken = (value: string): boolean =>
  parseRunCommandInput({
    region: 'cn-hangzhou',
    targets: { instanceIds: ['i-1'] },
    command: { type: 'RunShellScript', content: 'echo {{x}}', parameters: { x: value } },
  }).ok;

test.each(CORPUS)('%j is refused, wherever it stands', (part) => {
  for (const value of [part, `a${part}`, `${part}a`, `a ${part} b`]) expect(taken(value)).toBe(false);
});

test('every value that is taken is the very words it is made of, to a real shell', () => {
  const harmless = fc.constantFrom(
    'a',
    'Z',
    '0',
    ' ',
    '-',
    '_',
    '.',
    ',',
    ':',
    '/',
    '@',
    '%',
    '+',
    '=',
    'ü',
    '../',
    '%0a',
  );
  const value = fc
    .array(
      fc.oneof({ weight: 9, arbitrary: harmless }, { weight: 1, arbitrary: fc.constantFrom(...CORPUS) }),
      {
        minLength: 1,
        maxLength: 12,
      },
    )
    .map((parts) => parts.join(''));
  let shells = 0;
  fc.assert(
    fc.property(value, (text) => {
      if (!taken(text)) return;
      shells += 1;
      const script = `printf '%s\\n' start {{x}}`.replace('{{x}}', () => text);
      const words = execFileSync('sh', ['-c', script], { encoding: 'utf8' }).trimEnd().split('\n');
      expect(words).toEqual(['start', ...text.split(' ').filter((word) => word !== '')]);
    }),
    { numRuns: 200 },
  );
  expect(shells).toBeGreaterThan(20);
});
