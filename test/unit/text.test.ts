/** Text of machines is harmless wherever it is shown: terminal, Markdown, spreadsheet. */
import fc from 'fast-check';
import { csvCell, escapeMarkdown, firstLine, shorten, stripControl } from '../../src/domain/text';

const ESC = '\u001b';

describe('text for a terminal', () => {
  test.each([
    ['colours', `${ESC}[31mred${ESC}[0m`, 'red'],
    ['a cursor that climbs', `done${ESC}[2A${ESC}[2Kfake`, 'donefake'],
    ['a window title', `${ESC}]0;owned\u0007text`, 'text'],
    ['a link', `${ESC}]8;;http://evil${ESC}\\here${ESC}]8;;${ESC}\\`, 'here'],
    ['an unfinished title', `${ESC}]0;hidden\nshown`, '\nshown'],
    ['a lone escape', `a${ESC}`, 'a'],
    ['the one-character form', '\u009b31mred', 'red'],
    ['bells and backspaces', 'a\u0007b\bc\u0000', 'abc'],
    ['a carriage return that overwrites', 'Failed\rSuccess', 'Failed\nSuccess'],
    ['text turned around', 'a\u202eb\u2066c', 'abc'],
    ['an emoji with a joiner', '👩‍💻 ok', '👩‍💻 ok'],
  ])('%s', (_, text, shown) => {
    expect(stripControl(text)).toBe(shown);
  });

  test('no control character is left of anything', () => {
    const hostile = fc.string({
      unit: fc.constantFrom(ESC, '[', ']', '0', ';', 'm', '\u0007', '\\', '\u009b', '\r', 'a'),
    });
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), hostile), (text) => {
        expect(stripControl(text)).not.toMatch(/(?![\n\t])\p{Cc}/u);
      }),
    );
  });

  test('an adversarial text costs no more than its length', () => {
    const started = performance.now();
    stripControl(`${ESC}[`.repeat(100_000) + `${ESC}]`.repeat(100_000));
    expect(performance.now() - started).toBeLessThan(2_000);
  });
});

describe('the first line', () => {
  test.each([
    ['nothing', '', ''],
    ['blank lines', '\n  \n', ''],
    ['/proc/meminfo', 'MemTotal: 1 kB\nMemFree: 2 kB', 'MemTotal: 1 kB'],
    ['Windows lines', '\r\n\t a\tb \r\n', 'a b'],
    ['late text', `${'\n'.repeat(5_000)}late`, 'late'],
    ['a long line', 'x'.repeat(200), `${'x'.repeat(119)}…`],
    ['long emoji', '😀'.repeat(200), `${'😀'.repeat(119)}…`],
  ])('of %s', (_, text, line) => {
    expect(firstLine(text)).toBe(line);
  });

  test('is one line of at most 120 characters, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (text) => {
        const line = firstLine(text);
        expect(line).not.toMatch(/[\n\t]/);
        expect([...line].length).toBeLessThanOrEqual(120);
      }),
    );
  });

  test('shortening leaves short text alone', () => {
    expect(shorten('abc', 3)).toBe('abc');
    expect(shorten('abcd', 3)).toBe('ab…');
  });
});

test.each([
  ['**bold** _it_', '\\*\\*bold\\*\\* \\_it\\_'],
  ['[x](javascript:alert(1))', '\\[x\\]\\(javascript\\:alert\\(1\\)\\)'],
  ['<img src=x>&amp;', '\\<img src\\=x\\>&amp;amp;'],
  ['https://evil.example', 'https\\://evil\\.example'],
  ['- item\n# title', '\\- item \\# title'],
  ['i-bp1abc', 'i-bp1abc'],
  ['a|b`c`', 'a\\|b\\`c\\`'],
])('Markdown of %j shows as itself', (text, escaped) => {
  expect(escapeMarkdown(text)).toBe(escaped);
});

test.each([
  ['plain', 'plain'],
  ['a,b', '"a,b"'],
  ['say "hi"', '"say ""hi"""'],
  ['two\nlines', '"two\nlines"'],
  ['=cmd()', "'=cmd()"],
  ['@SUM(A1)', "'@SUM(A1)"],
  ['  +1', "'  +1"],
  ['\t=1', '"\'\t=1"'],
  ['＝1', "'＝1"],
  [-5, '-5'],
  [undefined, ''],
])('CSV of %j cannot run as a formula', (value, cell) => {
  expect(csvCell(value)).toBe(cell);
});
