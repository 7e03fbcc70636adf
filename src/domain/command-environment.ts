/**
 * Values that are data: each is put into the script as Base64 and decoded on the instance into an environment variable,
 * so that no shell ever parses it.
 *
 * The one rule: a value arrives byte for byte, or nothing of the script is run. What cannot be so is refused.
 */
import type { CommandSpec, CommandType, InputError } from './messages';

const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/;

/** What the shell or the loader gives a meaning: it would not arrive as it is, or would change what the script runs. */
const KEPT_BY_SHELLS =
  /^(?:_|PATH|IFS|ENV|CDPATH|PS4|PWD|OLDPWD|PPID|E?UID|GROUPS|LINENO|S?RANDOM|SECONDS|OPTIND|SHLVL|SHELLOPTS|POSIXLY_CORRECT|GLOBIGNORE|EXECIGNORE|DIRSTACK|FUNCNAME|HISTCMD|PIPESTATUS|GCONV_PATH|EPOCH\w*|BASH\w*|COMP_\w*|LD_\w*)$/;
const KEPT_BY_WINDOWS = /^(?:PATH|PATHEXT|PSMODULEPATH|COMSPEC|SYSTEMROOT|WINDIR)$/i;

/** Of this family, where a line of POSIX sh can stand before the script. */
const SHELL =
  /^#![ \t]*(?:\S*\/)?(?:env[ \t]+(?:-\S+[ \t]+)*(?:\S*\/)?|busybox[ \t]+)?(?:r?ba|da|a|k|mk)?sh\d*(?:\s|$)/;
const FIRST_LINE = /^#!.*(?:\n|$)/;

/** The line that makes one variable, by type; `value` is Base64. A batch file has no safe way. */
const LINES: Record<CommandType, ((name: string, value: string) => string) | undefined> = {
  // The dot keeps line ends at the end of a value from being cut off; no character of any locale ends in its byte.
  RunShellScript: (name, value) =>
    `${name}=$(printf %s '${value}' | base64 -d && printf .) || exit; ${name}=\${${name}%.}; export ${name}`,
  RunPowerShellScript: (name, value) =>
    `$env:${name} = [Text.Encoding]::UTF8.GetString([Convert]::FromBase64String('${value}'))`,
  RunBatScript: undefined,
};

/** The script as it is sent: what makes its environment stands before it, and after a `#!` line. */
export function sentScript({
  type,
  content,
  environment = {},
}: Pick<CommandSpec, 'type' | 'content' | 'environment'>): string {
  const line = LINES[type];
  const values = Object.entries(environment);
  if (!line || values.length === 0) return content;
  const first = FIRST_LINE.exec(content)?.[0] ?? '';
  const end = first === '' || first.endsWith('\n') ? first : `${first}\n`;
  const made = values.map(([name, value]) => `${line(name, base64(value))}\n`).join('');
  return end + made + content.slice(first.length);
}

/** Errors of the environment of a command, whose other fields may be anything yet. */
export function environmentErrors(
  environment: Record<string, unknown>,
  { type, content, commandId }: Record<string, unknown>,
): InputError[] {
  const names = Object.keys(environment);
  if (names.length === 0) return [];
  const whole = placeError({ type, content, commandId });
  return [
    ...(whole === undefined ? [] : [{ path: 'command.environment', message: whole }]),
    ...names.flatMap((name, index) => {
      const twice = type === 'RunPowerShellScript' && names.findIndex((other) => same(other, name)) !== index;
      const message = nameError(name, type, twice) ?? valueError(environment[name]);
      const shown = NAME.test(name) ? name : JSON.stringify(name.slice(0, 70));
      return message === undefined ? [] : [{ path: `command.environment.${shown}`, message }];
    }),
  ];
}

/** Why this command can have no environment. */
function placeError({ type, content, commandId }: Record<string, unknown>): string | undefined {
  if (commandId !== undefined)
    return 'belongs to a script that is sent, and a saved command is invoked as it is; give it a parameter of Base64 and decode that in its script';
  if (type === 'RunBatScript')
    return 'is not for RunBatScript, in which a value would be code; use RunPowerShellScript';
  if (typeof content !== 'string') return undefined;
  const first = FIRST_LINE.exec(content)?.[0].trim();
  if (type === 'RunShellScript' && first !== undefined && !SHELL.test(first))
    return `needs a script of sh or bash, and this one begins with ${first.slice(0, 60)}; start that program from a shell script, and it has the values in its environment`;
  if (type === 'RunPowerShellScript' && mustComeFirst(content))
    return 'stands before the script, where param or using would have to be; leave that out and read the values from $env:';
  return undefined;
}

/** PowerShell takes `param` and `using` only where nothing but comments stands before them. */
function mustComeFirst(content: string): boolean {
  const code = content.replace(/^(?:\s|#[^\n]*|<#[\s\S]*?#>)*/, '');
  return /^(?:\[\w[^\n]*\)\]\s*)*param\s*\(|^using\s/i.test(code);
}

function nameError(name: string, type: unknown, twice: boolean): string | undefined {
  if (!NAME.test(name))
    return 'is not a name of a variable: a to z, A to Z, 0 to 9 and _, no digit first, at most 64';
  const kept = type === 'RunPowerShellScript' ? KEPT_BY_WINDOWS : KEPT_BY_SHELLS;
  if (kept.test(name))
    return 'means something to the shell itself; choose another name, and assign it in the script where that is wanted';
  return twice ? 'is there in another spelling; capital letters make no difference on Windows' : undefined;
}

function valueError(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  if (value.includes('\0')) return 'contains a NUL byte, which no variable can hold';
  if (/\p{Cs}/u.test(value)) return 'contains half of a character (a lone surrogate); give Unicode text';
  return undefined;
}

function same(left: string, right: string): boolean {
  return left.toLowerCase() === right.toLowerCase();
}

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** Base64 of a text as UTF-8; the workflow sandbox has no Buffer. */
function base64(text: string): string {
  const bytes = new TextEncoder().encode(text);
  let encoded = '';
  for (let at = 0; at < bytes.length; at += 3) {
    const [a = 0, b = 0, c = 0] = bytes.subarray(at, at + 3);
    const sixes = [a >> 2, ((a & 3) << 4) | (b >> 4), ((b & 15) << 2) | (c >> 6), c & 63];
    const digits = sixes.map((six) => DIGITS.charAt(six)).join('');
    encoded += digits.slice(0, bytes.length - at + 1).padEnd(4, '=');
  }
  return encoded;
}
