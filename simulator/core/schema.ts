/**
 * The declared parameters of an action: a type, its limits and the error each breach gives.
 * The rule: an action states its parameters as data; no handler parses or checks a raw value.
 */
import type { ErrorSpec } from './errors';
import { toError } from './errors';
import type { ParamReader } from './param-reader';

/** One declared parameter. `fallback` is the error of the action's family for a bad value. */
export interface Param<T> {
  parse(reader: ParamReader, name: string, fallback: ErrorSpec): T;
}

/** The declared parameters of an action, by name. */
export type Schema = Readonly<Record<string, Param<unknown>>>;

/** What a parameter becomes. */
export type Value<P> = P extends Param<infer T> ? T : never;

/** What a schema becomes; the names in R are certain to be present. */
export type ParamsOf<S extends Schema, R extends keyof S = never> = {
  readonly [K in keyof S]: K extends R ? NonNullable<Value<S[K]>> : Value<S[K]>;
};

interface TextRules {
  readonly min?: number;
  readonly max?: number;
  readonly pattern?: RegExp;
  readonly oneOf?: readonly string[];
  readonly bad?: ErrorSpec;
}

interface NumberRules {
  readonly min?: number;
  readonly max?: number;
  /** Decimal places allowed; 0 unless told. */
  readonly decimals?: number;
  readonly bad?: ErrorSpec;
}

interface ListRules {
  readonly max?: number;
  readonly tooMany?: ErrorSpec;
}

function fail(spec: ErrorSpec, reader: ParamReader, name: string, value: string): never {
  throw toError(spec, reader.fullName(name), value);
}

/** A string; absent and empty are both `undefined`. */
export function text(rules: TextRules = {}): Param<string | undefined> {
  return {
    parse(reader, name, fallback) {
      const value = reader.get(name);
      if (value === undefined || value === '') return undefined;
      const length = [...value].length;
      const wrong =
        (rules.min !== undefined && length < rules.min) ||
        (rules.max !== undefined && length > rules.max) ||
        (rules.pattern !== undefined && !rules.pattern.test(value)) ||
        (rules.oneOf !== undefined && !rules.oneOf.includes(value));
      return wrong ? fail(rules.bad ?? fallback, reader, name, value) : value;
    },
  };
}

/** A string that may be empty: absent is `undefined`, empty is `''`. */
export function rawText(): Param<string | undefined> {
  return { parse: (reader, name) => reader.get(name) };
}

/** A decimal number. */
export function number(rules: NumberRules = {}): Param<number | undefined> {
  return {
    parse(reader, name, fallback) {
      const value = reader.get(name);
      if (value === undefined || value === '') return undefined;
      const decimals = rules.decimals ?? 0;
      const shape = decimals === 0 ? /^-?\d{1,15}$/ : new RegExp(`^-?\\d{1,12}(\\.\\d{1,${decimals}})?$`);
      const parsed = Number(value);
      const wrong =
        !shape.test(value.trim()) ||
        (rules.min !== undefined && parsed < rules.min) ||
        (rules.max !== undefined && parsed > rules.max);
      return wrong ? fail(rules.bad ?? fallback, reader, name, value) : parsed;
    },
  };
}

/** A boolean in any letter case, as clients in Python write it too. */
export function flag(rules: { readonly bad?: ErrorSpec } = {}): Param<boolean | undefined> {
  return {
    parse(reader, name, fallback) {
      const value = reader.get(name)?.toLowerCase();
      if (value === undefined || value === '') return undefined;
      if (value !== 'true' && value !== 'false') fail(rules.bad ?? fallback, reader, name, value);
      return value === 'true';
    },
  };
}

/** A UTC time in second or minute precision, as milliseconds. */
export function time(rules: { readonly bad?: ErrorSpec } = {}): Param<number | undefined> {
  return {
    parse(reader, name, fallback) {
      const value = reader.get(name);
      if (value === undefined || value === '') return undefined;
      const shaped = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?Z$/.test(value);
      const parsed = shaped ? Date.parse(value) : NaN;
      return Number.isNaN(parsed) ? fail(rules.bad ?? fallback, reader, name, value) : parsed;
    },
  };
}

/** `Name.N`: empty items are dropped, as a client that skips null items leaves gaps. */
export function list<T>(item: Param<T>, rules: ListRules = {}): Param<NonNullable<T>[]> {
  return {
    parse(reader, name, fallback) {
      const indices = reader.indices(name);
      if (rules.max !== undefined && indices.length > rules.max)
        fail(rules.tooMany ?? fallback, reader, name, String(indices.length));
      const below = reader.below(name);
      return indices
        .map((index) => item.parse(below, String(index), fallback))
        .filter((value): value is NonNullable<T> => value !== undefined && value !== null);
    },
  };
}

/** `Name.Sub` as an object. */
export function struct<S extends Schema>(fields: S): Param<ParamsOf<S>> {
  return {
    parse(reader, name, fallback) {
      const below = reader.below(name);
      const values = Object.entries(fields).map(([key, param]) => [key, param.parse(below, key, fallback)]);
      return Object.fromEntries(values) as ParamsOf<S>;
    },
  };
}

/** A parameter whose value is a JSON array of strings. `undefined` when absent; an empty array stays empty. */
export function jsonList(rules: ListRules & { readonly bad?: ErrorSpec } = {}): Param<string[] | undefined> {
  return {
    parse(reader, name, fallback) {
      const value = reader.get(name);
      if (value === undefined || value === '') return undefined;
      const parsed = parseJson(value);
      if (!Array.isArray(parsed) || !parsed.every((entry) => typeof entry === 'string'))
        return fail(rules.bad ?? fallback, reader, name, value);
      if (rules.max !== undefined && parsed.length > rules.max)
        fail(rules.tooMany ?? rules.bad ?? fallback, reader, name, value);
      return parsed;
    },
  };
}

/** A parameter whose value is a JSON object of scalars; scalars become strings. */
export function jsonObject(
  rules: { readonly bad?: ErrorSpec } = {},
): Param<ReadonlyMap<string, string> | undefined> {
  return {
    parse(reader, name, fallback) {
      const value = reader.get(name);
      if (value === undefined || value === '') return undefined;
      const parsed = parseJson(value);
      if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
        return fail(rules.bad ?? fallback, reader, name, value);
      const entries = Object.entries(parsed as Record<string, unknown>);
      if (entries.some(([, entry]) => typeof entry === 'object' && entry !== null))
        fail(rules.bad ?? fallback, reader, name, value);
      return new Map(entries.map(([key, entry]) => [key, scalarText(entry)]));
    },
  };
}

function scalarText(value: unknown): string {
  if (typeof value === 'string') return value;
  return value === null || value === undefined ? '' : JSON.stringify(value);
}

function parseJson(value: string): unknown {
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return undefined;
  }
}

/** A parameter that is accepted and has no effect here. Lists and objects below it are accepted too. */
export function ignored(): Param<undefined> {
  return {
    parse(reader, name) {
      reader.get(name);
      reader.consumeBelow(name);
      return undefined;
    },
  };
}

/** Many accepted parameters without effect; their names, separated by blanks. Spread into `params`. */
export function ignoredAll(names: string): Record<never, Param<undefined>> {
  return Object.fromEntries(names.split(' ').map((name) => [name, ignored()]));
}
