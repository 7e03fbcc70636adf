/** Reading agents of instances some of which may be gone. */
import { AGENTS_PER_CALL } from '../ecs/agents';
import type { AgentStatus } from '../ecs/agents';
import type { EcsClient } from '../ecs/client';
import { EcsError } from '../ecs/errors';
import { inChunks } from '../ecs/paging';

/** The code with which one instance that is no more refuses a whole call. */
const NOT_FOUND = 'InvalidInstance.NotFound';

/** The agents of those that exist, and the ids of the others. One released instance fails the whole call; halving finds it. */
export async function describeKnownAgents(
  ecs: EcsClient,
  region: string,
  instanceIds: string[],
): Promise<{ agents: AgentStatus[]; unknown: string[] }> {
  const agents: AgentStatus[] = [];
  const unknown: string[] = [];
  const read = async (ids: string[]): Promise<void> =>
    void agents.push(...(await ecs.describeAgents(region, ids)));
  for (const ids of inChunks(instanceIds, AGENTS_PER_CALL))
    unknown.push(...(await withoutUnknown(ids, read)));
  return { agents, unknown };
}

/** Makes the call for all ids that exist. @returns those that do not */
export async function withoutUnknown(
  ids: string[],
  call: (ids: string[]) => Promise<void>,
): Promise<string[]> {
  try {
    await call(ids);
    return [];
  } catch (error) {
    if (!(error instanceof EcsError) || error.code !== NOT_FOUND) throw error;
    if (ids.length <= 1) return ids;
    const half = Math.ceil(ids.length / 2);
    const first = await withoutUnknown(ids.slice(0, half), call);
    return [...first, ...(await withoutUnknown(ids.slice(half), call))];
  }
}
