# A periodic health check: CPU, memory, disk. One line; exit code 1 where one of them is over its limit, so that the
# instance is a row of its own in: steward results RUN --failed
#   steward schedule create health --every 10m --all --file examples/health-check.sh
cpu_limit=4      # load per CPU
memory_limit=90  # percent used
disk_limit=90    # percent used of /
cpus=$(nproc)
load=$(cut -d ' ' -f 1 /proc/loadavg)
memory=$(awk '/^MemTotal:/ { total = $2 } /^MemAvailable:/ { free = $2 } END { print int(100 - 100 * free / total) }' /proc/meminfo)
disk=$(df -P / | awk 'NR == 2 { sub("%", "", $5); print $5 }')
echo "load $load on $cpus CPUs, memory $memory%, disk $disk%"
awk -v l="$load" -v n="$cpus" -v c="$cpu_limit" -v m="$memory" -v x="$memory_limit" -v d="$disk" -v y="$disk_limit" \
  'BEGIN { exit l / n > c || m > x || d > y }'
