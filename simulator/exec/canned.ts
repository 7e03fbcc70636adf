/**
 * Answers scripts from prepared data, in the simulator's time. The rule: nothing of this machine is read or run;
 * what scripts write is kept in memory.
 */
import { cannedFile } from './canned-data';
import { absolute, CannedFiles } from './canned-files';
import type { Context, Step } from './canned-commands';
import { runScript } from './canned-shell';
import { PretendedJob } from './pretended';
import type { Pretence, Pretended } from './pretended';
import { ACCOUNTS } from './sandbox-script';
import type { Ending, Executor, FailureCode, FileJob, Job, RunningJob, Timers } from './types';

const DIRECTORIES =
  /^(?:\/(?:bin|dev|etc|home|lib|media|mnt|opt|proc|root|run|sbin|srv|sys|tmp|usr|var)?(?:\/|$)|[A-Za-z]:\\)/;

/** When Windows was started, in ticks of 100 ns since the year 1: what stands for a boot id there. */
const BOOT_TIME = /^\s*\(Get-CimInstance Win32_OperatingSystem\)\.LastBootUpTime\.Ticks\s*$/;
const TICKS_UNTIL_1970 = 621_355_968_000_000_000n;

function* ticks(bootedAt: number): Generator<Step, number> {
  yield { kind: 'output', text: `${TICKS_UNTIL_1970 + BigInt(Math.round(bootedAt)) * 10_000n}\r\n` };
  return 0;
}

/** Scripts that are only answered. */
export class CannedExecutor implements Executor {
  readonly mode = 'canned';
  private readonly jobs = new Set<PretendedJob>();

  constructor(
    private readonly timers: Timers,
    private readonly outputLimit: () => number,
    readonly files = new CannedFiles(),
  ) {}

  run(job: Job): RunningJob {
    return this.pretend(job, this.answer(job));
  }

  send(file: FileJob): RunningJob {
    return this.pretend({ ...file, reportsWhileRunning: false }, this.write(file));
  }

  private pretend(job: Pretended, pretence: Pretence): RunningJob {
    const running = new PretendedJob(job, this.timers, this.outputLimit(), pretence);
    this.jobs.add(running);
    void running.done.then(() => this.jobs.delete(running));
    return running;
  }

  async forget(instanceId: string): Promise<void> {
    this.files.forget(instanceId);
  }

  async close(): Promise<void> {
    const jobs = [...this.jobs];
    for (const job of jobs) job.kill();
    await Promise.all(jobs.map((job) => job.done));
  }

  private *write(file: FileJob): Generator<Step, number | Ending> {
    const { guest, owner, group, mode, content, overwrite } = file;
    const failed = (code: FailureCode, message = ''): Ending => ({ kind: 'failed', code, message });
    const isLinux = guest.osType === 'linux';
    if (isLinux && !ACCOUNTS[owner]) return failed('AccountNotExists');
    if (isLinux && !ACCOUNTS[group]) return failed('UserGroupNotExists');
    const path = absolute(file.name, absolute(file.directory, '/'));
    const isThere =
      this.files.find(guest.id, path) ?? (isLinux ? cannedFile(path, guest, this.timers.now()) : undefined);
    if (isThere !== undefined && !overwrite) return failed('FileAlreadyExists', path);
    yield { kind: 'output', text: '' };
    const problem = this.files.place(guest.id, path, { content: content.toString(), mode, owner, group });
    return problem === undefined ? 0 : failed('FileCreateFail', `${path}: ${problem}`);
  }

  private answer(job: Job): Generator<Step, number> | Ending {
    const isWindows = job.guest.osType === 'windows';
    const user = job.username ?? (isWindows ? 'system' : 'root');
    if (!ACCOUNTS[user] && !isWindows) return { kind: 'failed', code: 'AccountNotExists', message: '' };
    const home = isWindows ? 'C:\\Windows\\system32' : (ACCOUNTS[user]?.home ?? '/root');
    const directory = job.workingDirectory ?? home;
    if (!DIRECTORIES.test(directory)) return { kind: 'failed', code: 'DirectoryNotExists', message: '' };
    const context: Context = {
      guest: job.guest,
      user,
      directory,
      input: '',
      variables: new Map(),
      files: this.files,
      now: () => this.timers.now(),
    };
    const script = job.content.toString();
    if (isWindows && BOOT_TIME.test(script)) return ticks(job.guest.bootedAt);
    const isPowerShell = job.type === 'RunPowerShellScript';
    const told = isPowerShell ? decoded(script, context.variables) : script;
    // A backslash parts the paths of Windows and takes nothing of its meaning from what follows.
    return runScript(isWindows ? told.replaceAll('\\', '\\\\') : told, context);
  }
}

/** Of PowerShell's expressions one is known: a variable of the environment from Base64, a line each. */
function decoded(script: string, variables: Map<string, string>): string {
  const line =
    /^\$env:(\w+) = \[Text\.Encoding\]::UTF8\.GetString\(\[Convert\]::FromBase64String\('([\w+/=]*)'\)\)$/gm;
  return script.replace(line, (_, name: string, value: string) => {
    variables.set(name, Buffer.from(value, 'base64').toString());
    return '';
  });
}
