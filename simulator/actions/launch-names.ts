/**
 * Names of instances that are created together. The rule: `prefix[begin,bits]suffix` counts on from begin with at
 * least so many digits; UniqueSuffix appends 001, 002 … unless the name counts by itself.
 */

interface NameParams {
  readonly InstanceName?: string | undefined;
  readonly HostName?: string | undefined;
  readonly HostNames: readonly string[];
  readonly UniqueSuffix?: boolean | undefined;
}

const TEMPLATE = /^(.*)\[(\d{0,6}),(\d{0,1})\](.*)$/s;

/** Names and host names of `amount` instances; undefined where the default is to be used. */
export function instanceNames(
  params: NameParams,
  amount: number,
): { names: (string | undefined)[]; hosts: (string | undefined)[] } {
  const suffix = (params.UniqueSuffix ?? false) && amount > 1;
  const numbers = Array.from({ length: amount }, (_, index) => index);
  return {
    names: numbers.map((index) => nth(params.InstanceName, index, suffix)),
    hosts: numbers.map((index) => params.HostNames[index] ?? nth(params.HostName, index, suffix)),
  };
}

function nth(name: string | undefined, index: number, suffix: boolean): string | undefined {
  const match = name === undefined ? null : TEMPLATE.exec(name);
  if (!match) return suffix && name !== undefined ? `${name}${String(index + 1).padStart(3, '0')}` : name;
  const [, prefix = '', begin = '', bits = '', tail = ''] = match;
  const count = Number(begin === '' ? 0 : begin) + index;
  const digits = Math.min(6, Math.max(Number(bits === '' ? 6 : bits), 1));
  return `${prefix}${String(count).padStart(digits, '0')}${tail}`;
}
