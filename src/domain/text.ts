/**
 * What people did not write is data: command output, instance names and error texts come from machines that may be
 * hostile, and reach terminals, the Web UI (Markdown) and spreadsheets.
 *
 * The one rule: such text passes exactly one of these functions, the one of the place where it is shown.
 */

const ESC = String.fromCharCode(0x1b);
const BEL = String.fromCharCode(0x07);
/** The single-character form of `ESC [`. */
const C1_CSI = String.fromCharCode(0x9b);

/** Terminal sequences: cursor and colour, window titles and links, everything else that begins with ESC. */
const TERMINAL_SEQUENCES = new RegExp(
  [
    `(?:${ESC}\\[|${C1_CSI})[0-?]*[ -/]*[@-~]`,
    // Ends at BEL or ESC \; never runs over the end of a line, or an unfinished one would hide what follows.
    `${ESC}[\\]PX^_][^${BEL}${ESC}\\n]*(?:${BEL}|${ESC}\\\\)?`,
    `${ESC}[ -/]*[0-~]?`,
  ].join('|'),
  'g',
);
const CONTROL_CHARACTERS = /(?![\n\t])\p{Cc}/gu;
/** Characters that turn the direction of text around or have no width: they make one thing look like another. */
const INVISIBLE = /[\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** Length of the first line kept of an output. */
const FIRST_LINE_LENGTH = 120;

/** For terminals: no terminal sequences, no control characters but newline and tab. */
export function stripControl(text: string): string {
  return text
    .replace(/\r\n?/g, '\n')
    .replace(TERMINAL_SEQUENCES, '')
    .replace(CONTROL_CHARACTERS, '')
    .replace(INVISIBLE, '');
}

/** The first line that is not blank, safe for a terminal, at most `length` characters. */
export function firstLine(text: string, length = FIRST_LINE_LENGTH): string {
  // Outputs are long and the first line is not: most of the text need not be looked at.
  for (const head of [text.slice(0, 4096), text]) {
    const line = stripControl(head)
      .split('\n')
      .map((candidate) => candidate.replaceAll('\t', ' ').trim())
      .find((candidate) => candidate !== '');
    if (line !== undefined) return shorten(line, length);
  }
  return '';
}

/** At most `length` characters, the last of them `…` where something was cut. Never cuts a character in two. */
export function shorten(text: string, length: number): string {
  const characters = [...text];
  return characters.length <= length ? text : `${characters.slice(0, length - 1).join('')}…`;
}

/** For Markdown: one line that shows as the very characters it is made of. */
export function escapeMarkdown(text: string): string {
  return stripControl(text)
    .replace(/[\n\t]+/g, ' ')
    .replaceAll('&', '&amp;')
    .replace(/[\\`*_{}[\]()<>#+!|~:.@$^=]/g, '\\$&')
    .replace(/^(\s*)-/, '$1\\-');
}

/** For CSV: one cell, quoted where needed; what a spreadsheet would take for a formula starts with an apostrophe. */
export function csvCell(value: string | number | undefined): string {
  if (value === undefined) return '';
  if (typeof value === 'number') return String(value);
  const text = stripControl(value);
  const safe = /^\s*[=+\-@＝＋－＠]/.test(text) || /^[\t\n]/.test(text) ? `'${text}` : text;
  return /[",;\n\t]|^\s|\s$/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
