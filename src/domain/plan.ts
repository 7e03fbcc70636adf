/**
 * Which instances a command or file may go to, and in which batches.
 *
 * The one rule: one unfit instance fails a whole RunCommand or SendFile, so the unfit are set aside before, each with its reason.
 */
import type { CommandType, InstanceRow } from './messages';

/** What an instance has to be for something to be sent to it. */
export type Need = CommandType | 'LinuxPath' | 'WindowsPath';

/** RunCommand takes at most this many instance ids a call. */
export const MAX_BATCH = 100;

/** More targets than this are several runs. */
export const MAX_TARGETS = 10_000;

/** The ids of up to so many instances a run carries itself (23 KB); those of more are kept in the result store. */
export const BIGGEST_CARRIED_PLAN = 1_000;

/** Codes with which ECS refuses a whole call because of one instance: check the batch again, then send the rest. */
export const UNFIT_INSTANCE_CODES: readonly string[] = [
  'InvalidInstance.NotFound',
  'InvalidInstance.NotMatch',
];

/** How often a batch is checked again after such a refusal; instances do not vanish faster than that. */
export const MAX_RECHECKS = 3;

export interface Candidate {
  instanceId: string;
  /** Absent where DescribeInstances did not list the id. */
  instance?: { status: string; osType: string };
  agent?: { alive: boolean; lastHeartbeatAt: string };
}

const PATHS: Partial<Record<Need, string>> = {
  LinuxPath: 'a path that begins with /',
  WindowsPath: 'a path with a drive',
};

/** Why it cannot be sent to `candidate` now; `undefined` where it can. */
export function unfitReason(candidate: Candidate, need: Need, region: string): string | undefined {
  const { instance, agent } = candidate;
  if (!instance) return `not found in ${region}`;
  if (instance.status !== 'Running')
    return `instance is ${instance.status || 'in an unknown state'}, a ${PATHS[need] ? 'file' : 'command'} needs Running`;
  const wanted = need === 'RunShellScript' || need === 'LinuxPath' ? 'linux' : 'windows';
  if (instance.osType !== '' && instance.osType !== wanted)
    return `${PATHS[need] ?? need} needs ${wanted}, the instance runs ${instance.osType}`;
  if (!agent) return 'Cloud Assistant agent: no status listed (not installed?)';
  if (!agent.alive) {
    const since = agent.lastHeartbeatAt ? `, last heartbeat ${agent.lastHeartbeatAt}` : ' (not installed?)';
    return `Cloud Assistant agent does not answer${since}`;
  }
  return undefined;
}

/** Splits candidates into ids it can be sent to and rows that say why the others cannot. */
export function sortOut(
  candidates: Candidate[],
  need: Need,
  region: string,
): { fit: string[]; unfit: InstanceRow[] } {
  const fit: string[] = [];
  const unfit: InstanceRow[] = [];
  for (const candidate of candidates) {
    const reason = unfitReason(candidate, need, region);
    if (reason === undefined) fit.push(candidate.instanceId);
    else unfit.push({ instanceId: candidate.instanceId, outcome: 'Unfit', reason });
  }
  return { fit, unfit };
}

/** From these versions of its agent on, Cloud Assistant runs commands at times, in a zone that is named. */
const TIMED_SINCE = { linux: '2.2.3.282', windows: '2.1.3.282' };

/** Rows for those whose agent would refuse to run a command at times. */
export function tooOldForTimed(
  { fit, agentVersionOf }: { fit: string[]; agentVersionOf: (id: string) => string },
  type: CommandType,
): InstanceRow[] {
  const least = TIMED_SINCE[type === 'RunShellScript' ? 'linux' : 'windows'];
  return fit
    .filter((id) => isOlder(agentVersionOf(id), least))
    .map((instanceId) => {
      const reason = `Cloud Assistant agent ${agentVersionOf(instanceId)} runs nothing at times; it needs ${least}`;
      return { instanceId, outcome: 'Unfit', reason };
    });
}

/** By number, part for part; a version that is not told is not older. */
function isOlder(version: string, than: string): boolean {
  if (version === '') return false;
  const [left, right] = [version, than].map((text) => text.split('.').map(Number));
  for (const [at, part] of (right ?? []).entries()) {
    const mine = left?.[at] ?? 0;
    if (mine !== part) return mine < part;
  }
  return false;
}

/** The ids in an order in which neighbours are of different zones, as far as there are any left. */
export function spreadOverZones(ids: readonly string[], zoneOf: (id: string) => string): string[] {
  const zones = new Map<string, string[]>();
  for (const id of ids) {
    const list = zones.get(zoneOf(id));
    if (list) list.push(id);
    else zones.set(zoneOf(id), [id]);
  }
  const lists = [...zones.values()];
  const longest = Math.max(0, ...lists.map((list) => list.length));
  return Array.from({ length: longest }, (_, place) => lists.flatMap((list) => list[place] ?? [])).flat();
}
