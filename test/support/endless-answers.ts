/** Answers that never end, slowly and fast. */
import type { ServerResponse } from 'node:http';

/** A body of which a byte comes now and then, and whose end never does. */
export function drip(response: ServerResponse): void {
  const timer = setInterval(() => response.write(' '), 20);
  response.on('close', () => clearInterval(timer));
}

/** A body as fast as it is taken. */
export function flood(response: ServerResponse): void {
  const more = (): void => {
    while (!response.destroyed && response.write('x'.repeat(16_384)));
    if (!response.destroyed) response.once('drain', more);
  };
  more();
}
