/**
 * The policy file as people write it, as a schema.
 *
 * The one rule: the schema judges one value at a time; what concerns several is in policy-checks.ts. No unions and no
 * transforms, whose errors nobody can read: what it accepts, policy-reading.ts completes.
 */
import { z } from 'zod';
import { contentErrors } from './command-content';
import { parseDuration } from './durations';
import { nearestName } from './input-errors';
import { IF_NO_WINDOW, ON_FAILURE } from './policy';
import { IP_POLICIES, SAVE_RUNGS } from './spot-policy';
import { parseExclusion, parseWindow } from './windows';

const MAX_POLICIES = 100;
const MAX_WINDOWS = 20;
const MAX_EXCLUSIONS = 200;
const MAX_HOOKS_OF_A_STEP = 10;
const MAX_IDS = 1000;
const HOUR = 3600;
const DAY = 24 * HOUR;

const NAME = /^[a-z][a-z0-9-]{0,62}$/;
export const NAME_MESSAGE = 'is not a name: a to z first, then a to z, 0 to 9 and -, at most 63 characters';

/** True for what may be the name of a policy or a hook. */
export function isName(text: string): boolean {
  return NAME.test(text);
}

/** Event types known when this was written; others are accepted unless they look like one of these mistyped. */
const EVENT_TYPES = [
  'SystemMaintenance.Reboot',
  'SystemMaintenance.Stop',
  'SystemMaintenance.Redeploy',
  'SystemMaintenance.RebootAndIsolateErrorDisk',
  'SystemMaintenance.RebootAndReInitErrorDisk',
  'SystemMaintenance.StopAndRepair',
  'SystemMaintenance.IsolateErrorDisk',
  'SystemMaintenance.ReInitErrorDisk',
  'SystemMaintenance.CleanInactiveDisks',
  'SystemFailure.Reboot',
  'SystemFailure.Stop',
  'SystemFailure.Redeploy',
  'SystemFailure.Delete',
  'InstanceFailure.Reboot',
  'InstanceExpiration.Stop',
  'InstanceExpiration.Delete',
  'AccountUnbalanced.Stop',
  'AccountUnbalanced.Delete',
];

/** What is wrong with a text, or nothing. */
type Verdict = (text: string) => string | undefined;

/** Text that `verdict` finds nothing wrong with. `what` is said to what is not text at all. */
function checked(what: string, verdict: Verdict): z.ZodString {
  return z.string({ error: `must be ${what}` }).superRefine((text, context) => {
    const message = verdict(text);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  });
}

function duration(minSeconds: number, maxSeconds: number, range: string): z.ZodOptional<z.ZodString> {
  const what = 'a duration such as 90s, 30m or 2h';
  return checked(what, (text) => {
    const seconds = parseDuration(text);
    if (seconds === undefined) return `must be ${what}`;
    return seconds < minSeconds || seconds > maxSeconds ? `must be ${range}` : undefined;
  }).optional();
}

function list<T extends z.ZodType>(item: T, max: number): z.ZodOptional<z.ZodArray<T>> {
  const error = `has too many entries; at most ${max} are allowed`;
  return z.array(item).max(max, { error }).optional();
}

function oneOf<const T extends readonly [string, ...string[]]>(
  words: T,
): z.ZodOptional<z.ZodEnum<{ [K in T[number]]: K }>> {
  return z.enum(words, { error: `must be ${words.join(', ').replace(/, ([^,]*)$/, ' or $1')}` }).optional();
}

const name = checked('a name', (text) => (isName(text) ? undefined : NAME_MESSAGE));

const eventType = checked('an event type such as SystemMaintenance.Reboot', (text) => {
  if (EVENT_TYPES.includes(text)) return undefined;
  const form = /^[A-Z][A-Za-z]{1,39}[.:][A-Z][A-Za-z]{1,59}$/;
  const near = nearestName(text.slice(0, 60), EVENT_TYPES);
  // A new type may be near a known one in letters by chance, but hardly so near.
  const mistyped = near !== undefined && (!form.test(text) || Math.abs(near.length - text.length) <= 1);
  if (mistyped) return `is not an event type; did you mean ${near}?`;
  return form.test(text) ? undefined : 'is not an event type; they look like SystemMaintenance.Reboot';
});

const instanceId = checked('an instance id such as i-bp1abc', (text) =>
  /^i-[a-z0-9]{1,62}$/.test(text) ? undefined : 'is not an instance id; they look like i-bp1abc',
);

const plain = (max: number): z.ZodString =>
  checked('text; put it in quotes', (text) => {
    if (text.length > max) return `has ${text.length} characters, at most ${max} are allowed`;
    return /\p{Cc}/u.test(text) ? 'contains a control character' : undefined;
  });

const tag = z.strictObject({
  key: plain(128).min(1, { error: 'is empty; give the key of a tag' }),
  value: plain(128).optional(),
});

const window = checked('a window such as "Sat-Sun 02:00-05:00 Asia/Tokyo"', (text) => {
  const parsed = parseWindow(text);
  return parsed.ok ? undefined : parsed.message;
});

const exclusion = checked('a date such as 2026-12-24', (text) => {
  const parsed = parseExclusion(text);
  return parsed.ok ? undefined : parsed.message;
});

const commandType = oneOf(['RunShellScript', 'RunBatScript', 'RunPowerShellScript']);
const script = checked('the text of a script', (text) => contentErrors(text, undefined)[0]?.message);
const port = z
  .int({ error: 'must be a port from 1 to 65535' })
  .min(1, { error: 'must be a port from 1 to 65535' })
  .max(65_535, { error: 'must be a port from 1 to 65535' });
const httpPath = checked('a path such as /healthz', (text) =>
  /^\/[\x21-\x7e]{0,500}$/.test(text) ? undefined : 'must be a path such as /healthz',
);

const health = z.strictObject({
  command: script.optional(),
  timeout: duration(10, HOUR, 'from 10s to 1h'),
  tcp: z.strictObject({ port }).optional(),
  http: z.strictObject({ port, path: httpPath.optional() }).optional(),
});

const policy = z.strictObject({
  name,
  match: z
    .strictObject({
      eventTypes: list(eventType, 50),
      tags: list(tag, 20),
      instanceIds: list(instanceId, MAX_IDS),
    })
    .optional(),
  windows: list(window, MAX_WINDOWS),
  exclude: list(exclusion, MAX_EXCLUSIONS),
  margin: duration(120, 7 * DAY, 'from 2m to 7d'),
  work: duration(60, 12 * HOUR, 'from 1m to 12h'),
  ifNoWindow: oneOf(IF_NO_WINDOW),
  approval: z
    .strictObject({
      required: z.boolean({ error: 'must be true or false' }),
      by: duration(0, 7 * DAY, 'from 0s to 7d'),
      otherwise: oneOf(['act', 'skip']),
    })
    .optional(),
  limit: z
    .strictObject({
      tag: plain(128).min(1, { error: 'is empty; give the key of a tag' }),
      atOnce: z
        .int({ error: 'must be a whole number from 1 to 1000' })
        .min(1, { error: 'must be a whole number from 1 to 1000' })
        .max(1000, { error: 'must be a whole number from 1 to 1000' })
        .optional(),
      otherwise: oneOf(['act', 'alert']),
    })
    .optional(),
  pre: list(name, MAX_HOOKS_OF_A_STEP),
  post: list(name, MAX_HOOKS_OF_A_STEP),
  notify: list(name, MAX_HOOKS_OF_A_STEP),
  health: health.optional(),
  healthWithin: duration(60, DAY, 'from 1m to 1d'),
  proveWithin: duration(60, DAY, 'from 1m to 1d'),
});

const secretEnv = checked('the name of an environment variable', (text) =>
  /^[A-Z][A-Z0-9_]{0,63}$/.test(text)
    ? undefined
    : 'is not the name of an environment variable such as TICKET_SECRET; the secret itself never stands in this file',
);

const network = checked('a network such as 10.20.0.0/16', (text) =>
  /^[0-9a-f.:]{2,39}\/\d{1,3}$/.test(text) ? undefined : 'must be a network such as 10.20.0.0/16',
);

const hook = z.strictObject({
  command: z
    .strictObject({
      type: commandType,
      content: script,
      timeoutSeconds: z
        .int({ error: 'must be a whole number of seconds from 10 to 86400' })
        .min(10, { error: 'must be a whole number of seconds from 10 to 86400' })
        .max(86_400, { error: 'must be a whole number of seconds from 10 to 86400' })
        .optional(),
    })
    .optional(),
  snapshot: z.strictObject({ wait: z.boolean({ error: 'must be true or false' }).optional() }).optional(),
  webhook: z
    .strictObject({
      url: plain(2000),
      secretEnv: secretEnv.optional(),
      allowPrivate: list(network, 20),
    })
    .optional(),
  timeout: duration(10, DAY, 'from 10s to 1d'),
  onFailure: oneOf(ON_FAILURE),
});

const yesOrNo = z.boolean({ error: 'must be true or false' });
const hooks = list(name, MAX_HOOKS_OF_A_STEP);

const spotPolicy = z.strictObject({
  name,
  match: z.strictObject({ tags: list(tag, 20), instanceIds: list(instanceId, MAX_IDS) }).optional(),
  drain: hooks,
  drainWithin: duration(5, 240, 'from 5s to 4m, for a notice is five minutes'),
  undrain: hooks,
  save: z.array(oneOf(SAVE_RUNGS).unwrap()).min(1, { error: 'is empty; name a way to save' }).optional(),
  saveWithin: duration(300, DAY, 'from 5m to 1d'),
  warmMaxAge: duration(HOUR, 90 * DAY, 'from 1h to 90d'),
  launch: z
    .strictObject({
      instanceTypes: list(
        checked('an instance type such as ecs.g7.large', (text) =>
          /^ecs\.[a-z0-9.-]{2,60}$/.test(text) ? undefined : 'is not an instance type such as ecs.g7.large',
        ),
        10,
      ),
      vSwitches: list(
        checked('a vSwitch id such as vsw-bp1abc', (text) =>
          /^vsw-[a-z0-9]{1,62}$/.test(text) ? undefined : 'is not a vSwitch id such as vsw-bp1abc',
        ),
        20,
      ),
      priceCap: z
        .number({ error: 'must be a price an hour such as 0.35' })
        .min(0.001, { error: 'must be at least 0.001' })
        .max(10_000, { error: 'must be at most 10000' })
        .optional(),
      payAsYouGo: yesOrNo.optional(),
      passwordEnv: secretEnv.optional(),
      within: duration(60, DAY, 'from 1m to 1d'),
    })
    .optional(),
  ip: oneOf(IP_POLICIES),
  userData: yesOrNo.optional(),
  health: z
    .strictObject({ command: script.optional(), timeout: duration(10, HOUR, 'from 10s to 1h') })
    .optional(),
  healthWithin: duration(60, DAY, 'from 1m to 1d'),
  post: hooks,
  retention: duration(HOUR, 365 * DAY, 'from 1h to 365d'),
  notify: hooks,
});

/** The policy file. */
export const policyFileSchema = z.strictObject({
  version: z.literal(1, { error: 'must be 1, the only version there is' }),
  policies: z.array(policy).max(MAX_POLICIES, { error: `has too many; at most ${MAX_POLICIES} are allowed` }),
  spot: z
    .array(spotPolicy)
    .max(MAX_POLICIES, { error: `has too many; at most ${MAX_POLICIES} are allowed` })
    .optional(),
  hooks: z.record(z.string(), hook).optional(),
});

/** The file as the schema accepts it. */
export type WrittenPolicyFile = z.infer<typeof policyFileSchema>;
export type WrittenPolicy = z.infer<typeof policy>;
export type WrittenSpotPolicy = z.infer<typeof spotPolicy>;
export type WrittenHook = z.infer<typeof hook>;
