/**
 * The compiled command line as a process: its streams, its exit code, and a stack for it to work on.
 *
 * The one rule: every process gets an environment of its own, in which nothing of the developer's Temporal or cloud
 * settings is left, and ends with the test.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { builtProgram, temporalCli } from './binaries';

/** What a finished command left. */
export interface Finished {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** A command that runs. */
export interface Running {
  child: ChildProcess;
  stdout(): string;
  stderr(): string;
  finished: Promise<Finished>;
}

export interface CliOptions {
  /** The state directory that says where the stack is. */
  stateDir: string;
  env?: Record<string, string>;
  /** Run on a terminal of its own (util-linux `script`); its stdout and stderr are one then. */
  terminal?: boolean;
}

/** Starts `steward ARGS`. */
export async function startCli(args: string[], options: CliOptions): Promise<Running> {
  const words = [process.execPath, builtProgram('src/cli/main.js'), ...args];
  const quoted = words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
  // `exec`: a shell that stayed between the two would be ended by Ctrl-C itself, as dash is and bash is not.
  const [command = '', ...rest] = options.terminal
    ? ['script', '-qefc', `exec ${quoted}`, '/dev/null']
    : words;
  const child = spawn(command, rest, { env: await environmentOf(options), stdio: ['pipe', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  // A question the test did not expect must not wait for ever.
  if (!options.terminal) child.stdin.end();
  const finished = new Promise<Finished>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
  return { child, stdout: () => stdout, stderr: () => stderr, finished };
}

/** Runs `steward ARGS` to its end. */
export async function cli(args: string[], options: CliOptions): Promise<Finished> {
  return (await startCli(args, options)).finished;
}

/** What `steward up --json` says. */
export interface UpLine {
  address: string;
  uiUrl: string;
  namespace: string;
  taskQueue: string;
  simulator: { endpoint: string; controlUrl: string; regionId: string; instanceIds: string[] };
}

/** A stack started by the command line itself; `end` ends it as Ctrl-C does and gives what it left. */
export async function stackUp(
  stateDir: string,
  args: string[] = [],
): Promise<{ line: UpLine; running: Running; end: () => Promise<Finished> }> {
  // Not the usual ports: several stacks start at once in tests.
  const running = await startCli(['up', '--json', '--port', '0', '--ui-port', '0', ...args], { stateDir });
  const line = await new Promise<UpLine>((resolve, reject) => {
    running.child.stdout?.on('data', () => {
      if (running.stdout().includes('\n')) resolve(JSON.parse(running.stdout()) as UpLine);
    });
    void running.finished.then(({ stderr }) => reject(new Error(`steward up ended: ${stderr}`)));
  });
  const end = (): Promise<Finished> => {
    running.child.kill('SIGINT');
    return running.finished;
  };
  return { line, running, end };
}

async function environmentOf({ stateDir, env }: CliOptions): Promise<NodeJS.ProcessEnv> {
  const foreign = /^(TEMPORAL_|STEWARD_|ECS_|ALIBABA|ALICLOUD|ALIYUN)/;
  const kept = Object.entries(process.env).filter(([name]) => !foreign.test(name));
  return {
    ...Object.fromEntries(kept),
    STEWARD_TEMPORAL_CLI: await temporalCli(),
    STEWARD_STATE_DIR: stateDir,
    // No profile file of the temporal command either.
    XDG_CONFIG_HOME: stateDir,
    ...env,
  };
}
