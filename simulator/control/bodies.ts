/**
 * The shapes that the control plane takes. The rule: strict; a name nobody knows is refused, for a test that
 * misspells a setting must fail.
 */
import { z } from 'zod';
import { BUCKET_STATES } from '../assistant/oss';

const status = z.enum(['Pending', 'Starting', 'Running', 'Stopping', 'Stopped']);
const tags = z.record(z.string(), z.string());
const agent = z
  .object({
    installed: z.boolean(),
    enabled: z.boolean(),
    version: z.string(),
    /** By the security group. */
    blocked: z.boolean(),
    upgrading: z.boolean(),
  })
  .partial()
  .strict();

/** Instances to add: `count` of the same kind, or one with its own id. */
export const addInstancesBody = z
  .object({
    count: z.number().int().positive().max(20_000).default(1),
    instanceId: z.string().optional(),
    regionId: z.string().optional(),
    zoneId: z.string().optional(),
    name: z.string().optional(),
    instanceType: z.string().optional(),
    imageId: z.string().optional(),
    osType: z.enum(['linux', 'windows']).optional(),
    status: status.default('Running'),
    chargeType: z.enum(['PostPaid', 'PrePaid']).optional(),
    spotStrategy: z.enum(['NoSpot', 'SpotAsPriceGo', 'SpotWithPriceLimit']).optional(),
    spotInterruptionBehavior: z.enum(['Terminate', 'Stop']).optional(),
    spotPriceLimit: z.number().positive().optional(),
    spotDuration: z.number().int().min(0).max(6).optional(),
    resourceGroupId: z.string().optional(),
    deletionProtection: z.boolean().optional(),
    privateIp: z.string().optional(),
    bandwidthOut: z.number().int().min(0).max(100).optional(),
    tags: tags.optional(),
    agent: agent.optional(),
  })
  .strict();

/** Changes of an instance. */
export const updateInstanceBody = z
  .object({
    name: z.string(),
    tags,
    agent,
    osType: z.enum(['linux', 'windows']),
    /** Set at once, past every rule of the lifecycle. */
    status,
    stoppedMode: z.enum(['KeepCharging', 'StopCharging']),
    deletionProtection: z.boolean(),
    resourceGroupId: z.string(),
    chargeType: z.enum(['PostPaid', 'PrePaid']),
    /** How many times as long its changes of status take. */
    slowness: z.number().positive(),
    /** Starting, Stopping and so on go on until this is false again. */
    stuck: z.boolean(),
    locks: z.array(z.object({ reason: z.string(), message: z.string().default('') }).strict()),
  })
  .partial()
  .strict();

/** A moment of driven time: absolute, or so much later. */
export const clockBody = z.union([
  z.object({ time: z.number() }).strict(),
  z.object({ advanceMs: z.number().nonnegative() }).strict(),
]);

/** What is left of a type in a zone; `null` means without limit, `*` means every type. */
export const stockBody = z
  .object({
    regionId: z.string().optional(),
    zoneId: z.string(),
    instanceType: z.string(),
    stock: z.number().int().nonnegative().nullable(),
    /** The provider needs the capacity: spot instances of the type in the zone are taken back. */
    reclaim: z.boolean().default(false),
  })
  .strict();

/** What is wrong with a bucket of OSS; one nobody spoke of can be written to. */
export const bucketBody = z.object({ bucket: z.string().min(3), state: z.enum(BUCKET_STATES) }).strict();

/** A name in the parameter store; its value is nobody's business. */
export const secretBody = z.object({ name: z.string().min(1).max(255), exists: z.boolean() }).strict();

/** Limits of calls per minute by action. */
export const throttleBody = z
  .object({
    limits: z.record(z.string(), z.number().int().nonnegative()),
    enabled: z.boolean(),
    reset: z.boolean(),
  })
  .partial()
  .strict();

/** A change of keys. */
export const keyBody = z.union([
  z
    .object({
      add: z.object({ accessKeyId: z.string().min(1), accessKeySecret: z.string().min(1) }).strict(),
    })
    .strict(),
  z.object({ revoke: z.string(), how: z.enum(['disable', 'remove']).default('disable') }).strict(),
]);
