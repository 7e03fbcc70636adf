/**
 * The core of the simulator: what an action is made of.
 *
 * How to add an action
 *   1. Declare it in `simulator/actions/<area>.ts`:
 *
 *        export const rebootInstance = defineAction({
 *          name: 'RebootInstance',
 *          required: ['InstanceId'],                   // the order in which absence is reported
 *          missing: missingGateway,                    // which family of "missing" codes (core/errors.ts)
 *          quota: 'mutate',                            // calls per minute: describe | mutate | run | launch | number
 *          dryRun: true,                               // DryRun=true answers DryRunOperation
 *          params: { InstanceId: text(), ForceStop: flag() },
 *          handle(context, params) {                   // params are typed and checked
 *            const instance = requireInstance(context, params.InstanceId);
 *            if (instance.status !== 'Running') throw errors.incorrectStatus();
 *            context.simulation.instances.reboot(instance, params.ForceStop ?? false, context.requestId);
 *            return {};                                // RequestId is added
 *          },
 *        });
 *
 *      An action that takes a ClientToken declares `clientToken: [400, 'InvalidClientToken.Malformed']`; the
 *      gateway then answers repeats by itself. RegionId is checked by the gateway; declare it as `text()`.
 *   2. Add it to a list that `simulator/actions/index.ts` spreads into ACTIONS.
 *
 * What a handler has
 *   context.region, context.now, context.endpoint, context.requestId
 *   context.effect(name, resourceId, regionId, detail)   a line of the ledger
 *   context.page(rows, orderOf, params, LIMITS)          with `...pageParams(LIMITS)` in `params`; both styles
 *   context.isVisible(createdAt), context.purgedBefore, context.statusOf(instance), context.searchableTags(instance)
 *                                                        what faults make of listing
 *   context.simulation                                   world, instances, clock, events, random, switches, durations
 *
 * State of its own: `context.simulation.extension('cloudAssistant', (simulation) => new CloudAssistant(simulation))`
 * makes it once; in there `simulation.events.subscribe(listener)` follows instances (stopping, stopped, rebooting,
 * released), `simulation.clock.after(ms, run)` waits for the provider's own processes, `simulation.onClose(fn)` ends
 * it, `simulation.keep(name, {save, restore})` puts it into the state file, and
 * `simulation.directoryOf(instance)` is the instance's directory on disk.
 */
export type { Action, Answer } from './action';
export { ActionContext, defineAction, requireInstance } from './action';
export { EcsError, errors, missingGateway, missingParam, missingTagParameter } from './errors';
export type { PageLimits } from './paging';
export { pageParams } from './paging';
export type { ParamsOf } from './schema';
export {
  flag,
  ignored,
  ignoredAll,
  jsonList,
  jsonObject,
  list,
  number,
  rawText,
  struct,
  text,
  time,
} from './schema';
export { minutes, seconds } from './times';
