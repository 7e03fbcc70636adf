/** The errors of a policy file as lines. */
import { parsePolicyFile } from '../../src/hooks/policy-file';

/** Each as `path (line:column): message`; none where the text is a policy file. */
export function errorsIn(text: string): string[] {
  const parsed = parsePolicyFile(text);
  return parsed.ok ? [] : parsed.errors.map(({ path, message }) => `${path}: ${message}`);
}
