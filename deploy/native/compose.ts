/**
 * docker-compose.yml as data, for the test that checks it and for the topology that runs its parts without containers.
 *
 * The one rule: what a service is told (environment, arguments, health check) is read from that file and only
 * re-addressed here, so that what runs natively is what the file says.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

/** The root of the checkout. */
export const ROOT = join(__dirname, '../..');

/** A service, as far as we look at it. */
export interface ComposeService {
  image?: string;
  build?: string;
  command?: string[];
  restart?: string;
  environment?: Record<string, string>;
  ports?: string[];
  volumes?: string[];
  networks?: string[];
  network_mode?: string;
  profiles?: string[];
  read_only?: boolean;
  cap_drop?: string[];
  security_opt?: string[];
  depends_on?: Record<string, { condition: string; restart?: boolean }>;
  healthcheck?: { test: string[] };
  configs?: { source: string; target: string }[];
}

/** The whole file, as far as we look at it. */
export interface ComposeFile {
  services: Record<string, ComposeService>;
  volumes: Record<string, unknown>;
  networks: Record<string, { internal?: boolean } | null>;
  configs: Record<string, { file: string }>;
}

/** Reads a compose file; merge keys (`<<`) are merged, variables stay as they are written. */
export function readCompose(text = readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8')): ComposeFile {
  return parse(text, { merge: true }) as ComposeFile;
}

/** A service by its name. */
export function serviceOf(file: ComposeFile, name: string): ComposeService {
  const service = file.services[name];
  if (!service) throw new Error(`docker-compose.yml has no service ${name}`);
  return service;
}

/** Its environment with `${NAME:?…}` filled in and some variables told anew. */
export function environmentOf(
  service: ComposeService,
  variables: Readonly<Record<string, string>>,
  anew: Readonly<Record<string, string>>,
): Record<string, string> {
  const written = service.environment ?? {};
  for (const name of Object.keys(anew)) {
    // A variable that was renamed in the file would otherwise be told here for nothing.
    if (!(name in written)) throw new Error(`docker-compose.yml does not set ${name} where it is expected`);
  }
  const filled = Object.entries(written).map(([name, value]): [string, string] => [
    name,
    value.replace(/\$\{(\w+)[^}]*\}/g, (_all, variable: string) => variables[variable] ?? ''),
  ]);
  return { ...Object.fromEntries(filled), ...anew };
}

/** The shell command of a health check, as a container's shell gets it (`$$` is a written `$`). */
export function healthCommandOf(service: ComposeService): string {
  const [kind, command] = service.healthcheck?.test ?? [];
  if (kind !== 'CMD-SHELL' || command === undefined) throw new Error('not a health check by a shell');
  return command.replaceAll('$$', '$');
}
