/**
 * Finds out whether this machine can run the sandbox. The rule: it is tried, not guessed, because distributions
 * restrict namespaces in a dozen ways.
 */
import { randomUUID } from 'node:crypto';
import { SANDBOX_TOOLS, SandboxExecutor } from './sandbox';
import type { SandboxTool } from './sandbox';
import type { Guest } from './types';

/** What was found: the tool that works, or why none does. */
export type ProbeResult =
  | { readonly tool: SandboxTool; readonly reason?: undefined }
  | { readonly tool?: undefined; readonly reason: string };

/** Tries every tool with the directory that will be used, and names the first that works. */
export async function probeSandbox(directory: string): Promise<ProbeResult> {
  if (process.platform !== 'linux')
    return { reason: `the sandbox needs Linux namespaces; this is ${process.platform}` };
  const reasons: string[] = [];
  for (const tool of SANDBOX_TOOLS) {
    const reason = await whyNot(tool, directory);
    if (reason === undefined) return { tool };
    reasons.push(`${tool}: ${reason}`);
  }
  return { reason: `the sandbox does not work here (${reasons.join('; ')})` };
}

/** What is in the way of one tool, or `undefined`. */
export async function whyNot(tool: SandboxTool, directory: string): Promise<string | undefined> {
  const executor = new SandboxExecutor(directory, tool, { outputLimit: () => 4_096 });
  const word = randomUUID();
  try {
    const { ending, output } = await executor.run({
      id: 'probe',
      guest: { ...PROBE_GUEST, bootId: word },
      type: 'RunShellScript',
      content: Buffer.from('cat /proc/sys/kernel/random/boot_id'),
      timeoutMs: 10_000,
      reportsWhileRunning: false,
      onStart: () => undefined,
    }).done;
    if (ending.kind === 'exited' && output.toString().trim() === word) return undefined;
    const said = ending.kind === 'failed' ? ending.message : output.toString();
    return said.trim().split('\n')[0] || ending.kind;
  } finally {
    await executor.close();
    await executor.forget(PROBE_GUEST.id);
  }
}

const PROBE_GUEST: Guest = {
  id: 'probe',
  name: 'probe',
  hostName: 'probe',
  regionId: 'local',
  osType: 'linux',
  bootId: '',
  bootedAt: 0,
  cpus: 1,
  memoryMb: 1_024,
  privateIp: '127.0.0.1',
};
