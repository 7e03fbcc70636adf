/**
 * The doctor's part that needs the worker's credentials: a program of its own, started by `steward doctor` as the
 * worker is, because the command line never touches ECS.
 *
 * Usage: node doctor.js --region REGION [--cloud]. Without ECS_ENDPOINT it would ask the real cloud; that takes an
 * explicit `--cloud`. Prints one finding a line on stdout, as JSON. Exit codes: 0 looked, 2 bad configuration, 3 could
 * not look.
 */
import { ConfigError, loadConfig } from '../config';
import { createEcsProbes } from '../ecs/probes';
import { examineEcs } from './examination';

class UsageError extends Error {}

async function main(argv: string[]): Promise<void> {
  const { ecs } = loadConfig();
  const region = argv[argv.indexOf('--region') + 1];
  if (!argv.includes('--region') || region === undefined) throw new UsageError('--region is missing');
  if (!ecs.endpoint && !argv.includes('--cloud'))
    throw new UsageError(
      'ECS_ENDPOINT is not set, so this would ask the real cloud; type --cloud to mean that',
    );
  const probes = createEcsProbes({ endpoint: ecs.endpoint?.host, protocol: ecs.endpoint?.protocol });
  for await (const finding of examineEcs(probes, region))
    process.stdout.write(`${JSON.stringify(finding)}\n`);
}

main(process.argv.slice(2)).catch((error: unknown) => {
  const known = error instanceof UsageError || error instanceof ConfigError;
  process.stderr.write(
    `steward doctor: ${known || !(error instanceof Error) ? String(error) : (error.stack ?? error.message)}\n`,
  );
  process.exitCode = known ? 2 : 3;
});
