/**
 * The operations of the control plane. The rule: a table of method and path; bodies are checked before anything
 * is changed.
 */
import { z } from 'zod';
import { faultSchema } from '../core/faults';
import { policySchema } from '../core/policy';
import { switchesSchema } from '../core/settings';
import { scriptedAnswerSchema } from '../exec/scripted';
import type { Simulation } from '../simulation';
import { bucketBody, clockBody, keyBody, secretBody, stockBody, throttleBody } from './bodies';
import { listEvents, raiseEvents, updateEvent } from './events';
import { addInstances, listInstances, rebootGuest, removeInstance, updateInstance } from './instances';
import type { ControlTarget } from './server';
import { reclaim, setSpotPrice, withdrawReclaim } from './spot';
import { ControlError } from './control-error';

/** A control call. */
export interface ControlRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: unknown;
}

/** Carries out one kind of control call; `rest` is the last part of the path. */
export type ControlHandler = (target: ControlTarget, request: ControlRequest, rest: string) => unknown;

const ledgerQuery = z
  .object({
    kind: z.enum(['call', 'effect']),
    action: z.string(),
    effect: z.string(),
    code: z.string(),
    resourceId: z.string(),
    regionId: z.string(),
    requestId: z.string(),
    clientToken: z.string(),
    after: z.coerce.number(),
    sinceMark: z.string(),
    limit: z.coerce.number(),
  })
  .partial()
  .strict();

const billQuery = z
  .object({ from: z.coerce.number(), to: z.coerce.number(), instanceId: z.string() })
  .partial()
  .strict();

const ROUTES: Readonly<Record<string, ControlHandler>> = {
  'GET /health': ({ simulation }) => health(simulation),

  'GET /instances': (target, { query }) => listInstances(target, query),
  'POST /instances': (target, { body }) => addInstances(target, body),
  'PATCH /instances/*': (target, { body }, id) => updateInstance(target, id, body),
  'DELETE /instances/*': (target, _, id) => removeInstance(target, id),

  'POST /guest-reboots/*': (target, _, id) => rebootGuest(target, id),

  'GET /events': (target, { query }) => listEvents(target, query),
  'POST /events': (target, { body }) => raiseEvents(target, body),
  'PATCH /events/*': (target, { body }, id) => updateEvent(target, id, body),

  'POST /reclaims': (target, { body }) => reclaim(target, body),
  'POST /reclaim-withdrawals': (target, { body }) => withdrawReclaim(target, body),
  'PUT /spot-price': (target, { body }) => setSpotPrice(target, body),

  'GET /ledger': ({ simulation }, { query }) => ({
    records: simulation.ledger.query(ledgerQuery.parse(Object.fromEntries(query))),
  }),
  'GET /ledger/counts': ({ simulation }) => simulation.ledger.counts(),
  'POST /ledger/marks/*': ({ simulation }, _, name) => ({ seq: simulation.ledger.mark(name) }),
  'DELETE /ledger': ({ simulation }) => simulation.ledger.reset(),

  'GET /bill': ({ simulation }, { query }) => {
    const {
      from = simulation.openedAt,
      to = simulation.clock.now(),
      instanceId,
    } = billQuery.parse(Object.fromEntries(query));
    return { bills: simulation.billing.bills(from, to, instanceId?.split(',')) };
  },

  'GET /clock': ({ simulation }) => clock(simulation),
  'PUT /clock': async ({ simulation }, { body }) => {
    const wanted = clockBody.parse(body);
    if (simulation.clock.mode.kind !== 'driven') throw new ControlError(409, 'Time is not driven here.');
    await simulation.clock.setTime(
      'time' in wanted ? wanted.time : simulation.clock.now() + wanted.advanceMs,
    );
    return clock(simulation);
  },

  'GET /faults': ({ simulation }) => ({ faults: simulation.faults.list() }),
  'POST /faults': ({ simulation }, { body }) => {
    const faults = z.array(faultSchema).parse([body].flat());
    return { ids: simulation.faults.set(faults) };
  },
  'DELETE /faults': ({ simulation }) => simulation.faults.clear(),
  'DELETE /faults/*': ({ simulation }, _, id) => simulation.faults.clear(id),

  'PUT /throttle': ({ simulation }, { body }) => {
    const { limits, enabled, reset } = throttleBody.parse(body);
    if (reset) simulation.throttle.reset();
    simulation.throttle.set(limits ?? {});
    simulation.throttle.enabled = enabled ?? simulation.throttle.enabled;
    return {};
  },

  'GET /switches': ({ simulation }) => simulation.switches,
  'PUT /switches': ({ simulation }, { body }) => {
    const wanted = switchesSchema.partial().parse(body);
    const given = Object.keys(typeof body === 'object' && body !== null ? body : {});
    const changed = Object.fromEntries(Object.entries(wanted).filter(([name]) => given.includes(name)));
    return Object.assign(simulation.switches, changed);
  },

  'PUT /policy': ({ simulation }, { body }) => void (simulation.policy = policySchema.parse(body)),
  'DELETE /policy': ({ simulation }) => void (simulation.policy = undefined),

  'PUT /stock': ({ simulation }, { body }) => {
    const { regionId, zoneId, instanceType, stock, reclaim: takesBack } = stockBody.parse(body);
    const zone = simulation.world.region(regionId ?? zoneId.slice(0, zoneId.lastIndexOf('-'))).zone(zoneId);
    if (!zone) throw new ControlError(404, `There is no zone ${zoneId}.`);
    if (stock === null) zone.stock.delete(instanceType);
    else zone.stock.set(instanceType, stock);
    simulation.spot.setScarce(zoneId, instanceType, takesBack);
    return {};
  },

  'PUT /buckets': ({ simulation }, { body }) => {
    const { bucket, state } = bucketBody.parse(body);
    simulation.assistant.buckets.set(bucket, state);
    return {};
  },

  'PUT /secrets': ({ simulation }, { body }) => {
    const { name, exists } = secretBody.parse(body);
    simulation.assistant.secrets.set(name, exists);
    return {};
  },

  'PUT /keys': ({ gateway }, { body }) => {
    const wanted = keyBody.parse(body);
    if ('add' in wanted) gateway.keyring.add(wanted.add.accessKeyId, wanted.add.accessKeySecret);
    else gateway.keyring.revoke(wanted.revoke, wanted.how);
    return {};
  },

  'GET /answers': ({ simulation }) => ({ answers: simulation.assistant.answers.list() }),
  'POST /answers': ({ simulation }, { body }) => {
    const answers = z.array(scriptedAnswerSchema).parse([body].flat());
    return { ids: answers.map((answer) => simulation.assistant.answers.add(answer)) };
  },
  'DELETE /answers': ({ simulation }) => simulation.assistant.answers.remove(),
  'DELETE /answers/*': ({ simulation }, _, id) => simulation.assistant.answers.remove(id),

  'DELETE /client-tokens': ({ simulation }) => simulation.tokens.clear(),
};

function health(simulation: Simulation): Record<string, unknown> {
  const regions = [...simulation.world.regions.values()];
  const memory = process.memoryUsage();
  return {
    status: 'ok',
    ...clock(simulation),
    instances: regions.reduce((sum, region) => sum + region.instances.size, 0),
    rss: memory.rss,
    heapUsed: memory.heapUsed,
  };
}

function clock(simulation: Simulation): Record<string, unknown> {
  return {
    time: simulation.clock.now(),
    mode: simulation.clock.mode,
    pendingTimers: simulation.clock.pending(),
  };
}

/** Carries out one control call. */
export async function route(target: ControlTarget, request: ControlRequest): Promise<unknown> {
  const exact = ROUTES[`${request.method} ${request.path}`];
  if (exact) return exact(target, request, '');
  const cut = request.path.lastIndexOf('/');
  const below = ROUTES[`${request.method} ${request.path.slice(0, cut)}/*`];
  const rest = decodeURIComponent(request.path.slice(cut + 1));
  if (below && rest !== '') return below(target, request, rest);
  throw new ControlError(404, `There is no ${request.method} ${request.path}.`);
}
