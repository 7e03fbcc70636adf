/**
 * The key pair of a simulator in a file, in the form the SDK's credential chain reads (ALIBABA_CLOUD_CREDENTIALS_FILE):
 * so that a worker in another container signs with it, without any secret in an environment or a log.
 *
 * The rule: a file that is there is never changed, one that is not is made readable by its owner only. The pair
 * stays the same over restarts, so a worker need not notice them.
 */
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { UsageError } from './arguments';
import { makeKeyPair } from './core/keyring';
import type { KeyPair } from './core/keyring';

/** The pair in this file; where there is no such file, a new pair, which is then in it. */
export function keyPairIn(file: string, { allowRealKey }: { allowRealKey: boolean }): KeyPair {
  const pair = read(file) ?? made(file);
  if (/^LTAI/i.test(pair.accessKeyId) && !allowRealKey)
    throw new UsageError(
      '--credentials-file holds what looks like a real key (LTAI…). Name another file, or pass --allow-real-key.',
    );
  return pair;
}

function read(file: string): KeyPair | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new UsageError(`--credentials-file cannot be read: ${(error as Error).message}`);
  }
  const section = /^\[default\]\s*$([^[]*)/m.exec(text)?.[1] ?? '';
  const value = (name: string): string | undefined =>
    new RegExp(`^\\s*${name}\\s*=\\s*(\\S+)\\s*$`, 'm').exec(section)?.[1];
  const [accessKeyId, accessKeySecret] = [value('access_key_id'), value('access_key_secret')];
  if (value('type') === 'access_key' && accessKeyId && accessKeySecret)
    return { accessKeyId, accessKeySecret };
  throw new UsageError(
    `--credentials-file ${file} has no profile [default] of type access_key. Remove it, and it is made anew.`,
  );
}

/** Linked into place when it is whole: a worker never reads half a file, and of two simulators one wins. */
function made(file: string): KeyPair {
  const { accessKeyId, accessKeySecret } = makeKeyPair();
  const text = `[default]\ntype = access_key\naccess_key_id = ${accessKeyId}\naccess_key_secret = ${accessKeySecret}\n`;
  const part = `${file}.${process.pid}.part`;
  try {
    writeFileSync(part, text, { mode: 0o600, flag: 'wx' });
    linkSync(part, file);
    return { accessKeyId, accessKeySecret };
  } catch (error) {
    const winner = (error as NodeJS.ErrnoException).code === 'EEXIST' ? read(file) : undefined;
    if (winner) return winner;
    throw new UsageError(`--credentials-file cannot be written: ${(error as Error).message}`);
  } finally {
    rmSync(part, { force: true });
  }
}
