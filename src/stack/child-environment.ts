/**
 * Environments of the stack's children.
 *
 * The one rule: what the embedded stack starts talks to the embedded stack. Credentials and profiles of the real cloud
 * or of another Temporal server that happen to be in the environment do not reach it.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Environment } from './paths';

/** Variables of the credential chain of @alicloud/credentials and of its older names. */
const CLOUD_VARIABLE = /^(ALIBABA_CLOUD_|ALIBABACLOUD_|ALICLOUD_|ALIYUN_)/i;

/** Without anything that names an account of the real cloud. */
export function withoutCloud(env: Environment): Record<string, string | undefined> {
  const kept = Object.entries(env).filter(([name]) => !CLOUD_VARIABLE.test(name) && name !== 'ECS_ENDPOINT');
  return Object.fromEntries(kept);
}

/** Points at one Temporal server without TLS or API key, whatever variables and profile file say. */
export function withTemporal(
  env: Environment,
  stateDir: string,
  { address, namespace }: { address: string; namespace: string },
): Record<string, string | undefined> {
  const kept = Object.entries(env).filter(([name]) => !name.startsWith('TEMPORAL_'));
  return {
    ...Object.fromEntries(kept),
    TEMPORAL_ADDRESS: address,
    TEMPORAL_NAMESPACE: namespace,
    TEMPORAL_CONFIG_FILE: emptyProfile(stateDir),
  };
}

/** A profile file that says nothing; @temporalio/envconfig 1.24 breaks on one that is empty. */
function emptyProfile(stateDir: string): string {
  mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  const file = join(stateDir, 'embedded-profile.toml');
  writeFileSync(file, '[profile.default]\n', { mode: 0o600 });
  return file;
}
