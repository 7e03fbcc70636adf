/**
 * Why an instance cannot take a command. The rule: first whether anything reaches its agent, then whether this agent
 * and this guest can do what is asked.
 */
import type { FailureCode } from '../exec';
import type { Instance } from '../model/instance';
import type { Invocation } from './model';

/** Nothing reaches the agent now. */
export interface Obstacle {
  readonly code: FailureCode;
  /** It will not go away by itself. */
  readonly isFinal: boolean;
  readonly until: number;
}

/** Why nothing reaches the agent, and until when that may change. */
export function obstacleOf({ agent, status, next }: Instance): Obstacle {
  const isComing = status === 'Pending' || status === 'Starting';
  if (status !== 'Running')
    return { code: 'InstanceNotRunning', isFinal: !isComing, until: next?.due ?? Infinity };
  const final = (code: FailureCode): Obstacle => ({ code, isFinal: true, until: Infinity });
  if (!agent.installed || !agent.enabled) return final('ClientNotRunning');
  if (agent.blocked) return final('SecurityGroupRuleDenied');
  if (agent.upgrading) return final('ClientIsUpgrading');
  return { code: 'ClientNotResponse', isFinal: false, until: agent.upSince ?? Infinity };
}

/** Why an agent that is reached does not run it. */
export interface Unable {
  readonly code: FailureCode;
  readonly message: string;
}

/** Accounts of every Windows guest, without case; System is the one of the agent itself. */
const WINDOWS_ACCOUNTS = ['system', 'administrator', 'ecs-user'];

/** Builds from which on an agent knows parameters of its own, and fixed intervals, times and time zones. */
const PARAMETERS_BUILD = 309;
const SCHEDULES_BUILD = 282;

/** A fixed interval, a single time, or cron with a year or a zone. */
const NEWER_FREQUENCY = /^\s*(?:rate|at)\(|^\s*(?:\S+\s+){6}\S/;

/** Names in the parameter store. */
export class Secrets {
  /** That of the API's own sample is there from the beginning. */
  private readonly names = new Set(['axtSecretPassword']);

  set(name: string, exists: boolean): void {
    if (exists) this.names.add(name);
    else this.names.delete(name);
  }

  has(name: string): boolean {
    return this.names.has(name);
  }
}

/** Why the agent of the instance does not run the command; `undefined` where it does. */
export function unableOf(instance: Instance, invocation: Invocation, secrets: Secrets): Unable | undefined {
  const { command } = invocation;
  const wanted = command.type === 'RunShellScript' ? 'linux' : 'windows';
  if (instance.osType !== wanted) return { code: 'CommandNotApplicable', message: '' };
  if (isOlder(instance.agent.version, neededBuild(invocation)))
    return { code: 'ClientNeedUpgrade', message: '' };
  return instance.osType === 'windows' ? windowsUserOf(invocation, secrets) : undefined;
}

/** What is wrong with the user of a command on Windows. */
function windowsUserOf(
  { username, windowsPasswordName = '' }: Pick<Invocation, 'username' | 'windowsPasswordName'>,
  secrets: Secrets,
): Unable | undefined {
  const user = username.toLowerCase();
  if (user === '' || user === 'system') return undefined;
  if (!WINDOWS_ACCOUNTS.includes(user)) return { code: 'AccountNotExists', message: '' };
  const wrong = passwordError(windowsPasswordName, secrets);
  if (wrong === undefined) return undefined;
  return { code: 'ExecutionException', message: `UsernameOrPasswordInvalid: ${wrong}` };
}

/** What is wrong with the name of a password; `undefined` where it names one. */
export function passwordError(name: string, secrets: Secrets): string | undefined {
  if (name === '') return 'a user other than System needs WindowsPasswordName.';
  return secrets.has(name) ? undefined : 'the parameter store has no such password.';
}

function neededBuild({ command, repeatMode, frequency }: Invocation): number {
  const isNew = repeatMode === 'Period' && NEWER_FREQUENCY.test(frequency);
  return command.enableParameter ? PARAMETERS_BUILD : isNew ? SCHEDULES_BUILD : 0;
}

/** Versions are 2.2.3.N on Linux and 2.1.3.N on Windows. */
function isOlder(version: string, build: number): boolean {
  const [major = 0, minor = 0, patch = 0, own = 0] = version.split('.').map(Number);
  const least = minor === 1 ? [2, 1, 3, build] : [2, 2, 3, build];
  const order = [major, minor, patch, own].map((part, index) => part - (least[index] ?? 0)).find(Boolean);
  return build > 0 && (order ?? 0) < 0;
}
