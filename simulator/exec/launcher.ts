/**
 * A launcher starts the script's file with a program of its choice: `python3 -u {{ACS::ScriptFileName|Ext(".py")}}`.
 * The rule: the script's bytes reach the file as they are, and its exit code is the launcher's.
 */

const PLACE = /\{\{\s*ACS::ScriptFileName(?:\s*\|\s*Ext\("(\.[\w.-]{1,16})"\))?\s*\}\}/i;

/** A shell script that writes the content into a file and starts the launcher on it. */
export function launched(content: Buffer, launcher: string): Buffer {
  const place = PLACE.exec(launcher);
  const call = place ? launcher.replace(PLACE, () => '"$file"') : `${launcher} "$file"`;
  const script = [
    '#!/bin/sh',
    `file=$(mktemp /tmp/cloud-assist-XXXXXX${place?.[1] ?? ''}) || exit 1`,
    `printf %s '${content.toString('base64')}' | base64 -d >"$file"`,
    'chmod 700 "$file"',
    call,
    'code=$?',
    'rm -f "$file"',
    'exit $code',
  ];
  return Buffer.from(`${script.join('\n')}\n`);
}
