/** Holds raw JSON against the SDK's own description of an answer: names and types, all the way down. */

interface ModelClass {
  names(): Record<string, string>;
  types(): Record<string, unknown>;
}

const isModel = (type: unknown): type is ModelClass =>
  typeof type === 'function' && 'names' in type && 'types' in type;

/** What is wrong with a JSON value, as `path: reason`; empty when it is as the model says. */
export function faultsOf(value: unknown, type: unknown, path = ''): string[] {
  if (isModel(type)) return objectFaults(value, type, path);
  if (typeof type === 'object' && type !== null && 'type' in type) {
    const { type: kind, itemType } = type as { type: string; itemType?: unknown };
    if (kind !== 'array') return typeof value === 'object' ? [] : [`${path}: not an object`];
    if (!Array.isArray(value)) return [`${path}: not an array`];
    return value.flatMap((entry, index) => faultsOf(entry, itemType, `${path}[${index}]`));
  }
  return typeof value === type ? [] : [`${path}: ${typeof value} instead of ${String(type)}`];
}

function objectFaults(value: unknown, type: ModelClass, path: string): string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [`${path}: not an object`];
  const byWireName = new Map(
    Object.entries(type.names()).map(([property, wire]) => [wire, type.types()[property]]),
  );
  return Object.entries(value).flatMap(([name, entry]) => {
    const here = path === '' ? name : `${path}.${name}`;
    return byWireName.has(name)
      ? faultsOf(entry, byWireName.get(name), here)
      : [`${here}: the SDK has no such field`];
  });
}

/** The fields that the model has and the value lacks, by path. */
export function gapsOf(value: unknown, type: unknown, path = ''): string[] {
  if (Array.isArray(value) && typeof type === 'object' && type !== null && 'itemType' in type)
    return value.length === 0 ? [] : gapsOf(value[0], type.itemType, `${path}[]`);
  if (!isModel(type) || typeof value !== 'object' || value === null) return [];
  const given = value as Record<string, unknown>;
  return Object.entries(type.names()).flatMap(([property, wire]) => {
    const here = path === '' ? wire : `${path}.${wire}`;
    return wire in given ? gapsOf(given[wire], type.types()[property], here) : [here];
  });
}
