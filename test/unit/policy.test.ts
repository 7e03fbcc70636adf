/** A policy file means exactly one thing, and says everything that is wrong with it, where, and how to mend it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { BUILT_IN_POLICY, EMPTY_POLICY_FILE, policyFor } from '../../src/domain/policy';
import type { PolicyFile } from '../../src/domain/policy';
import { policyFileSchema } from '../../src/domain/policy-schema';
import { parsePolicyFile } from '../../src/hooks/policy-file';

function fileOf(text: string): PolicyFile {
  const parsed = parsePolicyFile(text);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors, null, 2));
  return parsed.file;
}

describe('the example of docs/policy.md', () => {
  const page = readFileSync(join(__dirname, '../../docs/policy.md'), 'utf8');
  const [, example = ''] = /```yaml\n(version: 1\n[\s\S]*?)```/.exec(page) ?? [];

  test('is a policy file', () => {
    const file = fileOf(example);
    expect(file.policies.map(({ policy }) => policy.name)).toEqual(['production', 'everything-else']);
    expect(Object.values(file.hooks).map(({ kind }) => kind)).toEqual([
      'command',
      'command',
      'snapshot',
      'webhook',
      'webhook',
    ]);
  });

  test('is read with every default filled in', () => {
    const file = fileOf(example);
    expect(file.policies[0]).toEqual({
      match: {
        eventTypes: ['SystemMaintenance.Reboot'],
        instanceIds: [],
        tags: [{ key: 'env', value: 'prod' }],
      },
      policy: {
        name: 'production',
        windows: ['Sat-Sun 02:00-05:00 Asia/Tokyo'],
        exclude: ['2026-12-24..2026-12-26'],
        marginMs: 1_800_000,
        workMs: 900_000,
        ifNoWindow: 'act-at-deadline',
        approval: { required: true, byMs: 7_200_000, otherwise: 'skip' },
        limit: { tag: 'cluster', atOnce: 1, otherwise: 'alert' },
        pre: ['ticket', 'drain', 'snapshot-disks'],
        post: ['undrain'],
        notify: ['oncall'],
        health: {
          command: 'systemctl is-system-running --wait',
          timeoutSeconds: 60,
          tcp: { port: 22 },
          http: { port: 8080, path: '/healthz' },
        },
        healthWithinMs: 600_000,
        proveWithinMs: 300_000,
      },
    });
    expect(file.hooks).toMatchObject({
      drain: { kind: 'command', command: { timeoutSeconds: 60 }, timeoutMs: 600_000, onFailure: 'abort' },
      'snapshot-disks': { kind: 'snapshot', wait: true, timeoutMs: 1_800_000, onFailure: 'alert' },
      oncall: { kind: 'webhook', secretEnv: 'ONCALL_SECRET', allowPrivate: [], onFailure: 'abort' },
    });
  });

  test('every key of the reference is a key of the file, and the other way round', () => {
    const [, section = ''] = /## Keys([\s\S]*?)\n## /.exec(page) ?? [];
    const reference = new Set([...section.matchAll(/^\| `([a-zA-Z.]+)`/gm)].map(([, name]) => name));
    // Both kinds of policies have keys of the same name and meaning.
    const keys = [...new Set(keysOf(z.toJSONSchema(policyFileSchema) as JsonSchema))];
    expect(keys).toContain('approval.by');
    expect([...reference].sort()).toEqual(keys.sort());
  });
});

describe('which policy an event has', () => {
  const file = fileOf(`
version: 1
policies:
  - name: one-instance
    match: {instanceIds: [i-one], tags: [{key: team, value: data}, {key: env}], eventTypes: [SystemMaintenance.Reboot]}
  - name: production
    match: {tags: [{key: env, value: prod}]}
  - name: failures
    match: {eventTypes: [SystemFailure.Reboot, SystemFailure.Stop]}
`);
  const reboot = 'SystemMaintenance.Reboot';
  const prod = { key: 'env', value: 'prod' };

  test.each([
    ['an id that is named', reboot, 'i-one', [], 'one-instance'],
    [
      'all the tags, one of them with any value',
      reboot,
      'i-x',
      [{ key: 'team', value: 'data' }, prod],
      'one-instance',
    ],
    ['only one of two tags', reboot, 'i-x', [{ key: 'team', value: 'data' }], 'built-in'],
    ['another type', 'SystemMaintenance.Stop', 'i-one', [], 'built-in'],
    ['a tag', reboot, 'i-x', [prod], 'production'],
    ['a tag with another value', reboot, 'i-x', [{ key: 'env', value: 'test' }], 'built-in'],
    ['two that match: the first', 'SystemFailure.Stop', 'i-one', [prod], 'production'],
    ['a type', 'SystemFailure.Stop', 'i-x', [], 'failures'],
  ])('%s', (_, type, instanceId, tags, name) => {
    expect(policyFor(file, { type, instanceId, tags }).name).toBe(name);
  });

  test('without a file people are told and nothing is done', () => {
    expect(policyFor(EMPTY_POLICY_FILE, { type: reboot, instanceId: 'i-one', tags: [] })).toBe(
      BUILT_IN_POLICY,
    );
    expect(BUILT_IN_POLICY).toMatchObject({ windows: [], ifNoWindow: 'alert-only', pre: [], post: [] });
  });

  test('the least one can write is a complete policy that acts', () => {
    expect(fileOf('version: 1\npolicies: [{name: all}]').policies[0]).toEqual({
      match: { eventTypes: [], instanceIds: [], tags: [] },
      policy: { ...BUILT_IN_POLICY, name: 'all', ifNoWindow: 'act-at-deadline' },
    });
  });
});

/** Every key a policy file may have, as the schema has it: those of a policy and of a hook without what they are in. */
function keysOf(schema: JsonSchema, path: readonly string[] = []): string[] {
  const [list = ''] = path;
  if (schema.items?.properties && ['policies', 'spot'].includes(list)) return [list, ...keysOf(schema.items)];
  if (schema.additionalProperties) return [...path, ...keysOf(schema.additionalProperties)];
  if (!schema.properties) return [path.join('.')];
  return Object.entries(schema.properties).flatMap(([key, value]) => keysOf(value, [...path, key]));
}

interface JsonSchema {
  properties?: Record<string, JsonSchema>;
  items?: JsonSchema;
  additionalProperties?: JsonSchema;
}
