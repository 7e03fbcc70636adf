/**
 * The three streams as the commands see them.
 *
 * The one rule: stdout carries results and nothing else; progress, questions and errors go to stderr, so that
 * `steward … --json | jq` always works.
 */
import { createInterface } from 'node:readline/promises';

export interface Terminal {
  /** True where a person can be asked. */
  readonly interactive: boolean;
  /** True where stdout is a terminal; then tables fit `columns`. */
  readonly resultsOnTerminal: boolean;
  /** Width of stderr, and of stdout where that is a terminal. */
  readonly columns: number;
  /** Result text on stdout; a newline is added. */
  result(text: string): void;
  /** A line for people on stderr. */
  say(text: string): void;
  /** A line on stderr that the next one replaces; only on a terminal. An empty text removes it. */
  live(text: string): void;
  /** Asks on stderr and waits for a line; `undefined` on Ctrl-C or at the end of stdin. */
  ask(question: string): Promise<string | undefined>;
}

const CLEAR_LINE = '\r\u001b[2K';
const DEFAULT_COLUMNS = 100;

/** The streams of this process. */
export function processTerminal(): Terminal {
  const { stdin, stdout, stderr } = process;
  let liveShown = false;
  const clear = (): void => {
    if (liveShown) stderr.write(CLEAR_LINE);
    liveShown = false;
  };
  // A reader that has seen enough (`| head`) is not an error of ours.
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  return {
    interactive: stdin.isTTY && stderr.isTTY,
    resultsOnTerminal: stdout.isTTY,
    get columns() {
      return (stderr.isTTY ? stderr.columns : stdout.columns) || DEFAULT_COLUMNS;
    },
    result(text) {
      clear();
      stdout.write(`${text}\n`);
    },
    say(text) {
      clear();
      stderr.write(`${text}\n`);
    },
    live(text) {
      if (!stderr.isTTY) return;
      clear();
      if (text === '') return;
      stderr.write(text);
      liveShown = true;
    },
    ask(question) {
      clear();
      return askLine(question);
    },
  };
}

async function askLine(question: string): Promise<string | undefined> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await new Promise<string | undefined>((resolve) => {
      lines.once('SIGINT', () => resolve(undefined));
      lines.once('close', () => resolve(undefined));
      lines.question(question).then(resolve, () => resolve(undefined));
    });
  } finally {
    lines.close();
  }
}
