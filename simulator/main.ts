/**
 * The program behind `steward simulate`. The rule: stdout gets one line of JSON when it is ready and nothing else.
 */
import { HELP, parseArguments, UsageError } from './arguments';
import { keyPairIn } from './credentials-file';
import type { Simulator } from './index';
import { startSimulator } from './index';

async function main(): Promise<void> {
  const parsed = parseArguments(process.argv.slice(2), process.env);
  const { help, adopted, options, credentialsFile } = parsed;
  if (help) return void process.stdout.write(HELP);
  const simulator = await startSimulator({
    ...options,
    ...(credentialsFile === undefined ? {} : keyPairIn(credentialsFile, parsed)),
    onError: (error) =>
      void process.stderr.write(
        `simulator: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
      ),
  });
  endOnSignals(simulator);
  await simulator.simulation.assistant.ready();
  const { endpoint, controlUrl, controlToken, accessKeyId, regionId, instanceIds } = simulator;
  const accessKeySecret = adopted ? null : simulator.accessKeySecret;
  const ready = { endpoint, controlUrl, controlToken, accessKeyId, accessKeySecret, regionId, instanceIds };
  process.stdout.write(`${JSON.stringify(ready)}\n`);
}

function endOnSignals(simulator: Simulator): void {
  let ending = false;
  const end = (): void => {
    if (ending) return;
    ending = true;
    simulator.close().then(
      () => process.exit(0),
      (error: unknown) => {
        process.stderr.write(`steward simulate: ${String(error)}\n`);
        process.exit(1);
      },
    );
  };
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, end);
}

main().catch((error: unknown) => {
  const usage = error instanceof UsageError;
  process.stderr.write(`steward simulate: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(usage ? 2 : 1);
});
