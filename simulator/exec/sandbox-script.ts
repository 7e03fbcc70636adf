/**
 * What builds the guest's view of the world, in sh, inside new namespaces and before any foreign code runs.
 * The rule: nothing of this machine is there unless it is named here, and nothing named here can be written but
 * the instance's own home, /opt, /srv, its disks below /mnt, and /tmp.
 *
 * The root is an empty file system in memory that ends up read-only; /usr is this machine's, read-only. The
 * working directory is the directory of the instance: `OWN_PARTS` are its own, `etc` and `sys` are
 * what the simulator tells it (accounts, host name, boot id, script). All mounts are made by one process, because a fleet starts
 * hundreds of guests. No further user namespaces, no capabilities, no new privileges; /proc/sys is read-only.
 *
 * Arguments: host name, user name, working directory, script, processes, memory in bytes, largest file in bytes, `ro` or
 * `rw` for /etc.
 */

/** Accounts that exist in every guest. */
export const ACCOUNTS: Readonly<Record<string, { uid: number; home: string }>> = {
  root: { uid: 0, home: '/root' },
  'ecs-user': { uid: 1000, home: '/home/ecs-user' },
  nobody: { uid: 65534, home: '/tmp' },
};

/** The directories that scripts of the instance may write. */
export const OWN_PARTS = ['root', 'home', 'opt', 'srv', 'mnt', 'tmp'] as const;

/** The files of /etc that say who exists. */
export const ETC: Readonly<Record<string, string>> = {
  passwd: lines(([name, { uid, home }]) => `${name}:x:${uid}:${uid}:${name}:${home}:/bin/sh`),
  group: lines(([name, { uid }]) => `${name}:x:${uid}:`),
  'nsswitch.conf': 'passwd: files\ngroup: files\nhosts: files\n',
};

/** What of this machine's /etc its programs cannot do without. */
export const SHARED_ETC = ['alternatives', 'ld.so.cache'] as const;

function lines(line: (entry: [string, { uid: number; home: string }]) => string): string {
  return Object.entries(ACCOUNTS)
    .map((entry) => `${line(entry)}\n`)
    .join('');
}

/** Runs the script as a child of the first process, so that signals and zombies behave as they do elsewhere. */
export const RUN_SCRIPT = [
  'run=$1',
  'IFS= read -r line <"$run" || :',
  'case $line in',
  '"#!"*) "$run" </dev/null;;',
  '*) if command -v bash >/dev/null; then bash "$run" </dev/null; else sh "$run" </dev/null; fi;;',
  'esac',
  'exit $?',
].join('\n');

/** The whole preparation; ends by becoming the script's parent. */
export const PREPARE = `
exec 2>&1
set -e
umask 022
host=$1 uid=$2 dir=$3 run=$4 processes=$5 memory=$6 file=$7 etc=$8
n=/tmp
mount -t tmpfs -o size=4m,mode=755,nosuid tmpfs $n
mkdir -p $n/usr $n/proc $n/root $n/home $n/opt $n/srv $n/mnt $n/tmp $n/etc $n/dev/shm $n/run/cloud-assist $n/var/tmp $n/old
{
  printf '/usr %s/usr none bind,ro,nosuid,nodev 0 0\\n' $n
  for d in bin sbin lib lib32 lib64 libx32; do
    if [ -L /$d ]; then links="$links usr/$d"
    elif [ -d /$d ]; then mkdir $n/$d; printf '/%s %s/%s none bind,ro,nosuid,nodev 0 0\\n' $d $n $d; fi
  done
  printf './etc %s/etc none bind,%s,nosuid,nodev 0 0\\n' $n $etc
  for f in ${SHARED_ETC.map((name) => `/etc/${name}`).join(' ')}; do
    [ ! -e $f ] || printf '%s %s%s none bind,ro,nosuid,nodev 0 0\\n' $f $n $f
  done
  for d in null zero full random urandom; do
    : >$n/dev/$d
    printf '/dev/%s %s/dev/%s none bind,nosuid,noexec 0 0\\n' $d $n $d
  done
  for d in ${OWN_PARTS.join(' ')}; do
    printf './%s %s/%s none bind,nosuid,nodev 0 0\\n' $d $n $d
  done
  printf './tmp %s/var/tmp none bind,nosuid,nodev 0 0\\n' $n
  printf './sys %s/run/cloud-assist none bind,ro,nosuid,nodev 0 0\\n' $n
  printf 'tmpfs %s/dev/shm tmpfs size=16m,nosuid,nodev,noexec 0 0\\n' $n
  printf 'proc %s/proc proc nosuid,nodev,noexec 0 0\\n' $n
  printf '%s/proc/sys %s/proc/sys none bind,ro,nosuid,nodev,noexec 0 0\\n' $n $n
  printf '%s/run/cloud-assist/boot_id %s/proc/sys/kernel/random/boot_id none bind,ro,nosuid,nodev,noexec 0 0\\n' $n $n
} >$n/mounts
[ -z "$links" ] || ln -s $links $n/
mount -c -a -T $n/mounts
rm $n/mounts
ln -s /proc/self/fd $n/dev/fd
if command -v hostname >/dev/null; then hostname "$host"; fi
# One more namespace is needed to be somebody other than root; beyond that there are none.
more=1
[ "$uid" != 0 ] || more=0
echo $more >/proc/sys/user/max_user_namespaces
cd $n
pivot_root . old
umount -l old
rmdir old
mount -o remount,bind,ro,nosuid,nodev /
if ! cd "$dir"; then printf DirectoryNotExists >&3; exit 1; fi
limit="prlimit --nproc=$processes --as=$memory --fsize=$file --core=0 --"
drop="setpriv --no-new-privs --inh-caps=-all --bounding-set=-all"
user=
if [ "$uid" != 0 ]; then user="unshare --user --map-user=$uid --map-group=$uid"; drop="setpriv --no-new-privs"; fi
printf ready >&3
exec 3>&-
exec $limit $user $drop sh -c '${RUN_SCRIPT.replace(/'/g, `'\\''`)}' sh "/run/cloud-assist/$run"
`;
