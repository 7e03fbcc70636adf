/**
 * What is wrong with a policy file across several of its values: names that mean nothing, hooks of no kind or of two,
 * windows no work fits in, policies that can never match.
 *
 * The one rule: it sees the file unchecked, and says nothing about what the schema has a word for already.
 */
import { contentErrors } from './command-content';
import { describeDuration, parseDuration } from './durations';
import { nearestName, pathOf } from './input-errors';
import type { InputError } from './messages';
import { POLICY_DEFAULTS } from './policy';
import { isName, NAME_MESSAGE } from './policy-schema';
import { webhookUrlError } from './webhook';
import { parseWindow } from './windows';

type Keys = (string | number)[];
type Unchecked = Record<string, unknown>;

const KINDS = ['command', 'snapshot', 'webhook'];
/** Cloud Assistant needs time beside the command's own: to deliver it, and to report. */
const BESIDE_COMMAND_SECONDS = 30;

/** Errors across the values of a file; `value` is unchecked. */
export function policyFileErrors(value: unknown): InputError[] {
  if (!isObject(value)) return [];
  const hooks = isObject(value.hooks) ? value.hooks : {};
  const policies = Array.isArray(value.policies) ? (value.policies as unknown[]) : [];
  const spot = Array.isArray(value.spot) ? (value.spot as unknown[]) : [];
  return [
    ...policies.flatMap((policy, index) => (isObject(policy) ? policyErrors(policy, index, hooks) : [])),
    ...sameNames(policies, 'policies'),
    ...neverReached(policies, 'policies'),
    ...spot.flatMap((policy, index) => (isObject(policy) ? spotErrors(policy, index, hooks) : [])),
    ...sameNames(spot, 'spot'),
    ...neverReached(spot, 'spot'),
    ...Object.entries(hooks).flatMap(([name, hook]) => hookErrors(name, hook)),
  ];
}

function policyErrors(policy: Unchecked, index: number, hooks: Unchecked): InputError[] {
  const at: Keys = ['policies', index];
  const { health } = policy;
  return [
    ...['pre', 'post', 'notify'].flatMap((step) => referenceErrors(policy[step], [...at, step], hooks)),
    ...roomErrors(policy, at),
    ...(isObject(health) && health.timeout !== undefined && health.command === undefined
      ? [
          error(
            [...at, 'health', 'timeout'],
            'is for a command, and there is none; add command, or remove it',
          ),
        ]
      : []),
  ];
}

function spotErrors(policy: Unchecked, index: number, hooks: Unchecked): InputError[] {
  const at: Keys = ['spot', index];
  const { save } = policy;
  const twice = Array.isArray(save)
    ? (save as unknown[]).findIndex((rung, i) => save.indexOf(rung) !== i)
    : -1;
  return [
    ...['drain', 'undrain', 'post', 'notify'].flatMap((step) =>
      referenceErrors(policy[step], [...at, step], hooks),
    ),
    ...['drain', 'undrain'].flatMap((step) => snapshotErrors(policy[step], [...at, step], hooks)),
    ...(twice < 0 ? [] : [error([...at, 'save', twice], 'is named twice; a way to save is tried once')]),
  ];
}

/** A disk takes one snapshot at a time, and the rescue's own must not wait for another. */
function snapshotErrors(names: unknown, at: Keys, hooks: Unchecked): InputError[] {
  if (!Array.isArray(names)) return [];
  return (names as unknown[]).flatMap((name, index) => {
    const hook = typeof name === 'string' && Object.hasOwn(hooks, name) ? hooks[name] : undefined;
    if (!isObject(hook) || hook.snapshot === undefined) return [];
    const why = 'which takes snapshots: the image of the rescue could not be made meanwhile; remove it';
    return [error([...at, index], `names ${String(name)}, ${why}`)];
  });
}

/** Hooks a policy names and nobody defines; hooks named twice; things told to people that are no message. */
function referenceErrors(names: unknown, at: Keys, hooks: Unchecked): InputError[] {
  if (!Array.isArray(names)) return [];
  return (names as unknown[]).flatMap((name, index) => {
    if (typeof name !== 'string' || !isName(name)) return [];
    const path = [...at, index];
    if (names.indexOf(name) !== index) return [error(path, `names ${name} twice; a hook runs once a step`)];
    const hook = Object.hasOwn(hooks, name) ? hooks[name] : undefined;
    if (hook === undefined) {
      const near = nearestName(name, Object.keys(hooks));
      const hint = near === undefined ? `define it under hooks` : `did you mean ${near}?`;
      return [error(path, `names the hook ${name}, which is not there; ${hint}`)];
    }
    if (at.at(-1) !== 'notify' || !isObject(hook) || hook.webhook !== undefined) return [];
    return [error(path, `names ${name}, which is no webhook; only webhooks can tell somebody`)];
  });
}

/** Windows in which the work would never fit. */
function roomErrors(policy: Unchecked, at: Keys): InputError[] {
  const work = typeof policy.work === 'string' ? parseDuration(policy.work) : POLICY_DEFAULTS.workMs / 1000;
  if (work === undefined || !Array.isArray(policy.windows)) return [];
  return (policy.windows as unknown[]).flatMap((text, index) => {
    const parsed = typeof text === 'string' ? parseWindow(text) : undefined;
    if (!parsed?.ok) return [];
    const seconds = (parsed.window.endMinute - parsed.window.startMinute) * 60;
    if (seconds >= work) return [];
    const long = `is ${describeDuration(seconds)} long and the work takes ${describeDuration(work)}`;
    return [
      error([...at, 'windows', index], `${long}; make the window longer, or say work: ${seconds / 60}m`),
    ];
  });
}

function sameNames(policies: unknown[], list: 'policies' | 'spot'): InputError[] {
  const names = policies.map((policy) => (isObject(policy) ? policy.name : undefined));
  return names.flatMap((name, index) =>
    typeof name === 'string' && names.indexOf(name) !== index
      ? [error([list, index, 'name'], `${name} is the name of another policy already; choose another`)]
      : [],
  );
}

/** The first policy that matches holds, so one that matches everything is the last. */
function neverReached(policies: unknown[], list: 'policies' | 'spot'): InputError[] {
  const all = policies.findIndex((policy) => isObject(policy) && asksNothing(policy.match));
  if (all < 0 || all === policies.length - 1) return [];
  const message = `matches ${list === 'spot' ? 'every instance' : 'every event'}, so the policies after it are never reached; move it to the end, or give it a match`;
  return [error([list, all], message)];
}

function asksNothing(match: unknown): boolean {
  if (match === undefined) return true;
  if (!isObject(match)) return false;
  return Object.values(match).every((list) => Array.isArray(list) && list.length === 0);
}

function hookErrors(name: string, hook: unknown): InputError[] {
  const at: Keys = ['hooks', name];
  const errors = isName(name) ? [] : [error(at, NAME_MESSAGE)];
  if (!isObject(hook)) return errors;
  const kinds = KINDS.filter((kind) => hook[kind] !== undefined);
  if (kinds.length === 0) errors.push(error(at, 'does nothing; give it command, snapshot or webhook'));
  if (kinds.length > 1)
    errors.push(error(at, `is ${kinds.join(' and ')} at once; make it ${kinds.length} hooks`));
  const { command, webhook } = hook;
  if (isObject(command)) {
    errors.push(
      ...scriptErrors(command.content, command.type, [...at, 'command', 'content']),
      ...timeoutErrors(hook.timeout, command.timeoutSeconds, at),
    );
  }
  if (isObject(webhook) && typeof webhook.url === 'string') {
    const wrong = webhookUrlError(webhook.url);
    if (wrong !== undefined) errors.push(error([...at, 'webhook', 'url'], wrong));
  }
  return errors;
}

/** A hook that ends before its command may would call every slow command a failure. */
function timeoutErrors(timeout: unknown, commandSeconds: unknown, at: Keys): InputError[] {
  const within = typeof timeout === 'string' ? parseDuration(timeout) : undefined;
  if (within === undefined || typeof commandSeconds !== 'number') return [];
  if (within >= commandSeconds + BESIDE_COMMAND_SECONDS) return [];
  const message = `is too short for timeoutSeconds ${commandSeconds}; give at least ${commandSeconds + BESIDE_COMMAND_SECONDS}s`;
  return [error([...at, 'timeout'], message)];
}

/** What only some shells mind. What no script may contain, the schema has said. */
function scriptErrors(content: unknown, type: unknown, at: Keys): InputError[] {
  if (typeof content !== 'string' || contentErrors(content, undefined).length > 0) return [];
  return contentErrors(content, type).map(({ message }) => error(at, message));
}

function error(keys: Keys, message: string): InputError {
  return { path: pathOf(keys), message };
}

function isObject(value: unknown): value is Unchecked {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
