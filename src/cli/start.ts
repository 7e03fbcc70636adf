/**
 * `steward start`, which is `npm start`: what this product does, in one go. A small simulated fleet, one command on
 * every instance, live progress, a table, and the history to look at.
 *
 * The one rule: it is the real thing throughout (server, worker, workflow, SDK calls); only the cloud is simulated.
 */
import { startRunCommand } from '../client';
import type { RunCommandInput } from '../domain/messages';
import type { Stack } from '../stack/stack';
import { connectTemporal } from './connection';
import { CliError, EXIT } from './exit';
import type { ExitCode } from './exit';
import { exitCodeOf, follow } from './follow';
import type { RunRef } from './follow';
import type { Context } from './inspect';
import { plural, resultText } from './render';
import { selfCommand } from './self';
import type { Terminal } from './terminal';
import { targetOf } from './stack-options';
import { keptCloud, nextSignal, start as startStack } from './up';

/** Instances the command goes to, of a fleet that may have grown since. */
const INSTANCES = 5;

/** Runs the demonstration to its exit code. */
export async function start({ config, terminal }: Context): Promise<ExitCode> {
  terminal.say('Starting a Temporal server, a simulated cloud and a worker …');
  const stack = await startStack(config, { target: targetOf({ tag: [] }, keptCloud(config)) }, terminal);
  try {
    return await demonstrate(stack, { config, terminal });
  } finally {
    terminal.say('Ending the stack …');
    await stack.stop();
  }
}

async function demonstrate(stack: Stack, { config, terminal }: Context): Promise<ExitCode> {
  const { address, namespace, account, uiUrl } = stack;
  const connectionOptions = { address };
  const place = { address, namespace, account, uiUrl, connectionOptions, from: 'steward start' };
  const temporal = await connectTemporal(config, place);
  try {
    const input = inputFor(stack);
    if (input.targets.instanceIds?.length === 0) throw noInstances();
    const handle = await startRunCommand(temporal.client, input, { account });
    const run: RunRef = { workflowId: handle.workflowId, runId: handle.firstExecutionRunId };
    const link = temporal.linkOf(run.workflowId, run.runId) ?? '';
    const ids = input.targets.instanceIds ?? [];
    terminal.say(
      `$ ${input.command.content}   on ${plural(ids.length, 'instance')}, as run ${run.workflowId}\n${link}`,
    );
    const failed = stack.failed.then((error) => {
      throw new CliError(EXIT.notCarriedOut, error.message);
    });
    const followed = await Promise.race([follow(temporal, run, terminal), failed]);
    if (followed.end === 'left') return EXIT.interrupted;
    const { result } = followed;
    terminal.result(resultText(result, terminal.resultsOnTerminal ? terminal.columns : undefined));
    await keepOrSay(link, run, terminal);
    return followed.cancelled ? EXIT.interrupted : exitCodeOf(result);
  } finally {
    await temporal.close();
  }
}

function noInstances(): CliError {
  const mend = `${selfCommand()} up --fresh`;
  return new CliError(
    EXIT.notCarriedOut,
    `The simulated cloud of the last time has no instances. Begin anew: ${mend}`,
  );
}

function inputFor({ simulator }: Stack): RunCommandInput {
  return {
    name: 'memory of the fleet',
    region: simulator?.regionId ?? '',
    targets: { instanceIds: simulator?.instanceIds.slice(0, INSTANCES) ?? [] },
    command: { type: 'RunShellScript', content: 'cat /proc/meminfo' },
  };
}

/** On a terminal the stack stays until Enter; elsewhere the way back to the history is printed. */
async function keepOrSay(link: string, { workflowId }: RunRef, terminal: Terminal): Promise<void> {
  const steward = selfCommand();
  if (!terminal.interactive) {
    terminal.say(
      `History kept. To open it again: ${steward} up   then ${link}\nWhole outputs: ${steward} results ${workflowId}`,
    );
    return;
  }
  const asked = nextSignal();
  await Promise.race([asked.signal, terminal.ask(`\nHistory kept: ${link}\nPress Enter to end. `)]);
  asked.forget();
  terminal.say(`To open it again: ${steward} up`);
}
