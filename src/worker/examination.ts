/**
 * What the doctor finds about the cloud: endpoint, clock, keys, and the permission of each feature's actions.
 *
 * The one rule: what could not be proven is a warning and not a guess.
 */
import type { Finding } from '../domain/findings';
import { FEATURES } from '../domain/permissions';
import type { Feature } from '../domain/permissions';
import { subjectOf } from '../ecs/errors';
import type { EcsError } from '../ecs/errors';
import type { EcsProbes, ProbedAction } from '../ecs/probes';

/** ECS refuses requests whose time is further off than this. */
const MAX_SKEW_MS = 15 * 60_000;
const DOUBTFUL_SKEW_MS = 5 * 60_000;

const MEND_CLOCK = 'set the clock of this machine (chrony or ntpd), then try again';
const MEND_KEYS =
  'give the worker a valid key pair: ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET';

/** Looks at everything, and says each thing as soon as it is known. */
export async function* examineEcs(probes: EcsProbes, region: string): AsyncGenerator<Finding> {
  try {
    const { url, skewMs } = await probes.reach(region);
    yield { status: 'ok', what: `ECS answers at ${url}` };
    yield clockFinding(skewMs);
  } catch (error) {
    yield {
      status: 'failed',
      what: `ECS does not answer: ${messageOf(error)}`,
      mend: 'check the region, DNS, proxy and firewall of this machine; ECS_ENDPOINT, where it is set, has to name a simulator that runs',
    };
    return;
  }
  try {
    await probes.checkCredentials();
  } catch (error) {
    yield { status: 'failed', what: `no credentials: ${messageOf(error)}`, mend: MEND_KEYS };
    return;
  }
  yield* examinePermissions(probes, region);
}

async function* examinePermissions(probes: EcsProbes, region: string): AsyncGenerator<Finding> {
  let accepted = false;
  for (const [action, features] of actionsOf(FEATURES)) {
    const refusal = await probes.probe(action, region);
    const subject = refusal?.kind === 'terminal' ? subjectOf(refusal.code) : undefined;
    if (refusal && (subject === 'keys' || subject === 'clock')) {
      yield {
        status: 'failed',
        what: `the signature is refused: ${refusal.message}`,
        mend: subject === 'keys' ? MEND_KEYS : MEND_CLOCK,
      };
      return;
    }
    if (!accepted && (!refusal || subject !== undefined)) {
      yield { status: 'ok', what: 'the signature is accepted' };
      accepted = true;
    }
    yield permissionFinding(action, features, refusal);
  }
}

function permissionFinding(action: ProbedAction, features: Feature[], refusal?: EcsError): Finding {
  const name = `permission ecs:${action} (${features.join(', ')})`;
  if (!refusal) return { status: 'ok', what: name };
  const subject = refusal.kind === 'terminal' ? subjectOf(refusal.code) : undefined;
  if (subject === 'permission')
    return {
      // Whoever only runs commands needs no more than those actions.
      status: features.includes('runCommand') ? 'failed' : 'warning',
      what: `${name} is missing: ${refusal.message}`,
      mend: `allow ecs:${action} in the RAM policy of the worker (docs/security.md); a policy narrowed to single instances refuses this probe as well`,
    };
  // What is asked for cannot exist: that it is not found was said by who had checked the permission before.
  if (subject === 'request' && /NotFound|NotExist|^DryRunOperation$/.test(refusal.code))
    return { status: 'ok', what: name };
  return {
    status: 'warning',
    what: `${name} could not be proven: ${refusal.message}`,
    mend: 'try again; where it stays, run a harmless command on one instance',
  };
}

function clockFinding(skewMs: number | undefined): Finding {
  if (skewMs === undefined)
    return {
      status: 'warning',
      what: 'the clock could not be compared: ECS told no time',
      mend: 'try again',
    };
  const seconds = Math.round(Math.abs(skewMs) / 1000);
  const what = `the clock of this machine is ${seconds} s ${skewMs > 0 ? 'behind' : 'ahead'}`;
  if (Math.abs(skewMs) >= MAX_SKEW_MS)
    return { status: 'failed', what: `${what}; ECS refuses more than 15 minutes`, mend: MEND_CLOCK };
  if (Math.abs(skewMs) >= DOUBTFUL_SKEW_MS) return { status: 'warning', what, mend: MEND_CLOCK };
  return { status: 'ok', what: `the clock of this machine is right (${seconds} s off)` };
}

function actionsOf(features: typeof FEATURES): Map<ProbedAction, Feature[]> {
  const found = new Map<ProbedAction, Feature[]>();
  for (const [feature, actions] of Object.entries(features) as [Feature, readonly ProbedAction[]][])
    for (const action of actions) found.set(action, [...(found.get(action) ?? []), feature]);
  return found;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
