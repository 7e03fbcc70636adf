/**
 * The script with which a real guest gets a file. The rule: it runs where the scripts of the instance run, so that no
 * path, link or name can lead it anywhere they could not go; the bytes reach the file as they are, at once or not at all.
 */
import { FAILURE_CODES } from './types';
import type { FailureCode, FileJob, Finished } from './types';

const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** Only what exists can own a file; giving it away takes rights that a guest's root may not have here. */
const OWNERS = `
id -u "$owner" >/dev/null 2>&1 || fail AccountNotExists
if command -v getent >/dev/null; then getent group "$group" >/dev/null; else grep -q "^$group:" /etc/group; fi ||
  fail UserGroupNotExists
`;

/** A shell script that writes the file. */
export function fileScript(file: FileJob): Buffer {
  const script = [
    '#!/bin/sh',
    'fail() { printf "%s %s" "$1" "$2"; exit 9; }',
    `dir=${quote(file.directory)} name=${quote(file.name)} owner=${quote(file.owner)} group=${quote(file.group)}`,
    OWNERS,
    'said=$(mkdir -p -- "$dir" 2>&1) || fail FileCreateFail "$said"',
    'path=${dir%/}/$name',
    '[ ! -d "$path" ] || fail FileCreateFail "$path: Is a directory"',
    ...(file.overwrite
      ? []
      : ['if [ -e "$path" ] || [ -L "$path" ]; then fail FileAlreadyExists "$path"; fi']),
    'aside=$(mktemp "${dir%/}/.cloud-assist-XXXXXX" 2>&1) || fail FileCreateFail "$aside"',
    `said=$({ printf %s '${file.content.toString('base64')}' | base64 -d >"$aside"; } 2>&1) ||`,
    '  { rm -f "$aside"; fail FileCreateFail "$said"; }',
    'chown "$owner:$group" "$aside" 2>/dev/null || :',
    `chmod ${file.mode} "$aside"`,
    // -T: a directory made meanwhile is no place to move into.
    'said=$(mv -f -T -- "$aside" "$path" 2>&1) || { rm -f "$aside"; fail FileCreateFail "$said"; }',
  ];
  return Buffer.from(`${script.join('\n')}\n`);
}

/** What the end of that script means. */
export function writtenOr(finished: Finished): Finished {
  const { ending, output } = finished;
  if (ending.kind !== 'exited' || ending.exitCode === 0) return finished;
  const [word = '', ...rest] = output.toString().split(' ');
  const code: FailureCode = FAILURE_CODES.find((known) => known === word) ?? 'FileCreateFail';
  return { ...finished, ending: { kind: 'failed', code, message: rest.join(' ').trim() } };
}
