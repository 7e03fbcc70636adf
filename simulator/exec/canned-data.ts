/**
 * What a canned guest says about itself. The rule: every figure follows from the instance, so that two looks at
 * the same instance agree and two instances differ.
 */
import type { Guest } from './types';

const KERNEL = '5.10.134-16.3.al8.x86_64';
const BUILD = '#1 SMP Mon Apr 1 10:00:00 CST 2024';

/** A number between 0 and 1 that belongs to an instance and a purpose. */
function share(guest: Guest, purpose: string): number {
  let hash = 2166136261;
  for (const char of guest.id + purpose) hash = Math.imul(hash ^ char.charCodeAt(0), 16777619);
  return (hash >>> 0) / 4294967296;
}

interface Memory {
  readonly total: number;
  readonly free: number;
  readonly available: number;
  readonly buffers: number;
  readonly cached: number;
}

function memory(guest: Guest): Memory {
  const total = Math.round(guest.memoryMb * 1024 * 0.968);
  const free = Math.round(total * (0.35 + 0.3 * share(guest, 'free')));
  const cached = Math.round(total * 0.15);
  const buffers = Math.round(total * 0.01);
  return { total, free, cached, buffers, available: free + cached };
}

function meminfo(guest: Guest): string {
  const { total, free, available, buffers, cached } = memory(guest);
  const rows: [string, number][] = [
    ['MemTotal', total],
    ['MemFree', free],
    ['MemAvailable', available],
    ['Buffers', buffers],
    ['Cached', cached],
    ['SwapCached', 0],
    ['Active', Math.round(total * 0.2)],
    ['Inactive', Math.round(total * 0.12)],
    ['SwapTotal', 0],
    ['SwapFree', 0],
    ['Dirty', 24],
    ['Slab', Math.round(total * 0.02)],
  ];
  return rows.map(([name, kb]) => `${`${name}:`.padEnd(16)}${String(kb).padStart(8)} kB\n`).join('');
}

function load(guest: Guest): string {
  return [1, 5, 15].map((minutes) => share(guest, `load${minutes}`).toFixed(2)).join(' ');
}

function seconds(guest: Guest, now: number): number {
  return Math.max(0, (now - guest.bootedAt) / 1000);
}

function cpuinfo(guest: Guest): string {
  const one = (index: number): string =>
    `processor\t: ${index}\nvendor_id\t: GenuineIntel\nmodel name\t: Intel(R) Xeon(R) Platinum 8369B CPU @ 2.70GHz\ncpu MHz\t\t: 2699.998\n\n`;
  return Array.from({ length: guest.cpus }, (_, index) => one(index)).join('');
}

/** The files that `cat`, `head`, `tail`, `grep` and `wc` can read. */
export function cannedFile(path: string, guest: Guest, now: number): string | undefined {
  const up = seconds(guest, now).toFixed(2);
  const files: Readonly<Record<string, () => string>> = {
    '/proc/meminfo': () => meminfo(guest),
    '/proc/cpuinfo': () => cpuinfo(guest),
    '/proc/uptime': () => `${up} ${up}\n`,
    '/proc/loadavg': () => `${load(guest)} 1/123 4567\n`,
    '/proc/version': () => `Linux version ${KERNEL} (gcc version 10.2.1) ${BUILD}\n`,
    '/proc/sys/kernel/random/boot_id': () => `${guest.bootId}\n`,
    '/proc/sys/kernel/hostname': () => `${guest.hostName}\n`,
    '/proc/sys/kernel/osrelease': () => `${KERNEL}\n`,
    '/etc/hostname': () => `${guest.hostName}\n`,
    '/etc/hosts': () => `127.0.0.1\tlocalhost\n${guest.privateIp}\t${guest.hostName}\n`,
    '/etc/os-release': () =>
      'NAME="Alibaba Cloud Linux"\nVERSION="3 (Soaring Falcon)"\nID="alinux"\nVERSION_ID="3"\n' +
      'PRETTY_NAME="Alibaba Cloud Linux 3 (Soaring Falcon)"\n',
    '/dev/null': () => '',
  };
  return files[path]?.();
}

/** `uname` with its options. */
export function uname(guest: Guest, options: string): string {
  const parts: Readonly<Record<string, string>> = {
    s: 'Linux',
    n: guest.hostName,
    r: KERNEL,
    v: BUILD,
    m: 'x86_64',
  };
  if (options.includes('a'))
    return `Linux ${guest.hostName} ${KERNEL} ${BUILD} x86_64 x86_64 x86_64 GNU/Linux`;
  const asked = [...'snrvm'].filter((letter) => options.includes(letter));
  return (asked.length > 0 ? asked : ['s']).map((letter) => parts[letter]).join(' ');
}

/** `uptime`. */
export function uptime(guest: Guest, now: number): string {
  const up = Math.floor(seconds(guest, now));
  const days = Math.floor(up / 86_400);
  const hours = Math.floor((up % 86_400) / 3600);
  const minutes = Math.floor((up % 3600) / 60);
  const span = `${days > 0 ? `${days} days, ` : ''}${hours}:${String(minutes).padStart(2, '0')}`;
  const clock = new Date(now).toISOString().slice(11, 19);
  return ` ${clock} up ${span},  0 users,  load average: ${load(guest).replace(/ /g, ', ')}`;
}

/** `free`, in the unit asked for. */
export function free(guest: Guest, options: string): string {
  const divisor = options.includes('g') ? 1024 ** 2 : options.includes('m') ? 1024 : 1;
  const { total, free: unused, available, buffers, cached } = memory(guest);
  const figures = [total, total - unused - cached - buffers, unused, 1_024, cached + buffers, available];
  const row = figures.map((kb) => String(Math.round(kb / divisor)).padStart(12)).join('');
  return `               total        used        free      shared  buff/cache   available\nMem:    ${row}\nSwap:   ${'0'.padStart(12).repeat(3)}`;
}

/** `df`, for the system disk. */
export function df(guest: Guest, options: string): string {
  const used = 3 + Math.round(10 * share(guest, 'disk'));
  if (options.includes('h'))
    return `Filesystem      Size  Used Avail Use% Mounted on\n/dev/vda1        40G  ${used}G   ${38 - used}G  ${Math.round((used * 100) / 40)}% /`;
  const kb = (gigabytes: number): string => String(gigabytes * 1024 ** 2);
  return `Filesystem     1K-blocks    Used Available Use% Mounted on\n/dev/vda1       ${kb(40)} ${kb(used)}  ${kb(38 - used)}  ${Math.round((used * 100) / 40)}% /`;
}
