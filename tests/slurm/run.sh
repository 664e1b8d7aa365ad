#!/usr/bin/env bash
# Runs the Slurm example on a real Slurm of four nodes, which are four daemons on this machine: a normal run, a shard that is killed twice,
# one whose memory is always too little, tasks that are asked to end, that come to the end of their time, and that give way to others, a
# node that is cut off and comes back, a part that is damaged, and another number of shards in the same folder. Installs Debian's packages
# where they are missing; everything else is in a folder that is gone in the end.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

readonly shards=3 nodes=4 patience=300
readonly model=tests/fixtures/digits.scripted.pt data=tests/fixtures/digits.calibration.npz
readonly measuring=(-Key images -Mean 0.1307 -StandardDeviation 0.3081 -BatchSize 2 -Iterations 600 -Every 1)

skip() {
    echo "The Slurm test was skipped: $1."
    exit 0
}

stop() {
    for ((i = ${#daemons[@]} - 1; i >= 0; i--)); do
        kill -CONT "${daemons[i]}" 2> /dev/null || true
        kill "${daemons[i]}" 2> /dev/null || true
        wait "${daemons[i]}" 2> /dev/null || true
    done
    [ -z "$starving" ] || rmdir "$starving" || true
    rm -rf "$work"
}

# check WHAT COMMAND...: counts what holds, and what does not.
passed=0 failed=0
check() {
    local what=$1
    shift
    if "$@" > "$work/check.log" 2>&1; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED Slurm: $what"
        tail -n 20 "$work/check.log"
    fi
}

# until_it COMMAND...: waits until it succeeds, for a while.
until_it() {
    local end=$((SECONDS + patience))
    until "$@" > /dev/null 2>&1; do
        [ "$SECONDS" -lt "$end" ] || { echo "This took more than $patience s: $*"; return 1; }
        sleep 0.05
    done
}

# A control group that has hardly any memory, so that the kernel kills what is moved there; nothing where it cannot be made.
make_starving_group() {
    local group limit
    for group in "/sys/fs/cgroup/memory/precise-bn-$$" "/sys/fs/cgroup/precise-bn-$$"; do
        mkdir "$group" 2> /dev/null || continue
        for limit in memory.limit_in_bytes memory.max; do
            if [ -w "$group/$limit" ] && echo 1M > "$group/$limit"; then
                echo "$group"
                return
            fi
        done
        rmdir "$group"
    done
}

[ "$(id -u)" = 0 ] || skip "it needs root, to run Slurm's daemons"
command -v apt-get > /dev/null || skip "it needs Debian's packages slurm-wlm and munge"
if ! command -v slurmctld > /dev/null || ! command -v slurmd > /dev/null || ! command -v munged > /dev/null; then
    { apt-get -q update && DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 install --no-install-recommends slurm-wlm munge; } \
        || skip "slurm-wlm and munge could not be installed"
fi
./build.sh --install-libstdcxx -Task Build

work=$(mktemp -d)
daemons=()
starving=$(make_starving_group)
trap stop EXIT
mkdir "$work/state" "$work/spool"
export SLURM_CONF=$work/slurm.conf
# The jobs run the PowerShell of the tool manifest.
PATH=$(dotnet tool run pwsh -NoProfile -Command "\$PSHOME"):$PATH

head -c 1024 /dev/urandom > "$work/munge.key"
chmod 600 "$work/munge.key"
munged --force --foreground --key-file="$work/munge.key" --socket="$work/munge.socket" --pid-file="$work/munge.pid" \
    --log-file="$work/munge.log" --seed-file="$work/munge.seed" &
daemons+=($!)
until_it test -S "$work/munge.socket"

# Ports of its own, so that it is in nobody's way.
cat > "$SLURM_CONF" << CONF
ClusterName=test
SlurmctldHost=$(hostname -s)(127.0.0.1)
SlurmctldPort=26817
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$work/munge.socket,cred_expire=5
StateSaveLocation=$work/state
SlurmdSpoolDir=$work/spool/%n
SlurmctldPidFile=$work/slurmctld.pid
SlurmdPidFile=$work/slurmd-%n.pid
SlurmdTimeout=10
MessageTimeout=5
ReturnToService=2
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=sched_interval=2
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
NodeName=node[1-$nodes] NodeHostname=$(hostname -s) NodeAddr=127.0.0.1 Port=[26818-$((26817 + nodes))] CPUs=1
PartitionName=all Nodes=ALL Default=YES MaxTime=60 PriorityTier=1 GraceTime=60
PartitionName=urgent Nodes=ALL MaxTime=60 PriorityTier=2
CONF
# No control groups are used by Slurm. In older versions that has no name, but the plugin for version 1 does nothing until it is asked to.
case "$(slurmd -V)" in
    *\ 2[0-3].*) echo "CgroupPlugin=cgroup/v1" > "$work/cgroup.conf" ;;
    *) echo "CgroupPlugin=disabled" > "$work/cgroup.conf" ;;
esac
# What gives way is sent the signal of --signal, to the shell of the job.
case "$(slurmd -V)" in
    *\ 2[0-2].*) echo "SlurmctldParameters=preempt_send_user_signal" >> "$SLURM_CONF" ;;
    *) echo "PreemptParameters=send_user_signal" >> "$SLURM_CONF" ;;
esac
slurmctld -D -L "$work/slurmctld.log" 2> /dev/null &
daemons+=($!)
declare -A slurmd
for ((i = 1; i <= nodes; i++)); do
    slurmd -D -N "node$i" -L "$work/slurmd-node$i.log" 2> /dev/null &
    slurmd[node$i]=$!
    daemons+=($!)
done
all_idle() { [ "$(sinfo -h -N -p all -o %T | grep -c idle)" = "$nodes" ]; }
until_it all_idle

# submit NAME [SHARDS]: submits the example into a folder of that name, and keeps the numbers of its jobs.
declare -A array merge
submit() {
    read -r "array[$1]" "merge[$1]" < <(module/examples/slurm/submit.sh "$model" "$data" "$work/$1" "${2:-$shards}" "${measuring[@]}")
}
process() { pgrep -f -- "-Folder $work/$1 -Shard $2/$shards"; }
attempts() { find "$work/$1" -name "part-$2.safetensors.attempt-*" | wc -l; }
has_attempts() { [ "$(attempts "$1" "$2")" -ge "$3" ] && process "$1" "$2"; }
# hold NAME SHARD: stops its process, so that the end of its time comes before that of its work.
hold() { until_it has_attempts "$1" "$2" 1 && kill -STOP "$(process "$1" "$2")"; }
let_go() { kill -CONT "$(process "$1" "$2")"; }
# Whether SIGTERM waits for it to go on (proc_pid_status(5)).
is_asked() { [ $((0x$(awk '/^ShdPnd:/ { print $2 }' "/proc/$(process "$1" "$2")/status") & 0x4000)) -ne 0 ]; }
ended() { ! squeue -h -j "$1" 2> /dev/null | grep -q .; }
state() { scontrol show job "$1" | grep -oE 'JobState=[A-Z_]+' | head -n 1 | cut -d = -f 2; }
exit_code() { scontrol show job "$1" | grep -oE ' ExitCode=[0-9]+' | head -n 1 | cut -d = -f 2; }
all_ended() { until_it ended "${array[$1]}" && until_it ended "${merge[$1]}"; }
ends_with() { all_ended "$1" && [ "$(exit_code "${merge[$1]}")" = "$2" ] || { cat "$work/$1"/*.log; exit_code "${merge[$1]}"; return 1; }; }
names() { grep -qF -- "$2" "$work/$1" || { cat "$work/$1"; return 1; }; }
has_no_model() { [ ! -e "$work/$1/$(basename "$model")" ]; }
# The right model, the same as of a single run, and nothing left of the attempts.
is_right() {
    ends_with "$1" 0 && [ "$(find "$work/$1" -name "*.attempt-*" | wc -l)" = 0 ] \
        && pwsh -NoProfile -File tests/slurm/compare.ps1 -Model "$model" -Data "$data" -Folder "$work/$1"
}

# Slurm looks at the time every half a minute: a task is told between 10 and 40 s after its start, and again within half a minute after its
# end, when it is woken and has 30 s until it is killed (KillWait).
export SBATCH_SIGNAL=B:TERM@20
submit limit
unset SBATCH_SIGNAL
scontrol update JobId="${array[limit]}" TimeLimit=1
submit preempted
submit normal
submit twice
submit always
submit signal

# The first shard goes on when it is told that its time is almost over, the second only when it is over.
come_to_the_end() { hold limit 1 && hold limit 2 && until_it is_asked limit 1 && let_go limit 1; }
give_way() {
    hold preempted 2 \
        && sbatch --parsable --partition=urgent --nodelist="$(squeue -h -r -j "${array[preempted]}_2" -o %N)" --output=/dev/null --wrap=true > "$work/urgent" \
        && until_it is_asked preempted 2 && let_go preempted 2
}
come_to_the_end &
limit=$!
give_way &
preempted=$!
# Killed for its memory as often as it starts: the third time is given up after three more.
kill_always() {
    while ! ended "${array[always]}"; do
        for victim in $(process always 3); do
            if [ -n "$starving" ]; then echo "$victim" > "$starving/cgroup.procs"; else kill -KILL "$victim"; fi 2> /dev/null || true
        done
        sleep 0.2
    done
}
kill_always &
killer=$!
was_starved() { grep -qsxE 'oom_kill [4-9]' "$starving/memory.oom_control" "$starving/memory.events"; }
kill_when() { until_it has_attempts "$1" "$2" "$3" && kill "-$4" "$(process "$1" "$2")"; }
kill_twice() { kill_when twice 2 1 KILL && kill_when twice 2 2 KILL; }
# As Slurm sends it to the shell of the job before the time is over, or when the job has to give way.
signal() { until_it has_attempts signal 2 1 && scancel --signal=TERM --batch "${array[signal]}_2"; }
kill_twice &
twice=$!
check "a task that is asked to end can be told" signal
check "a shard could be killed twice" wait "$twice"

check "a task could be told that its time is almost over" wait "$limit"
check "another could be told to give way" wait "$preempted"

check "a normal run makes the model" is_right normal
check "a shard that is killed twice is measured at the third attempt" is_right twice
check "it is told from which attempt" names twice/measure-2.log "Attempt 3 at shard 2/$shards"
check "a shard that is interrupted goes on in another attempt" is_right signal
check "it says why" names signal/measure-2.log "The process was asked to end while shard 2/$shards was measured"
check "it is no failure" test ! -e "$work/signal/measure-2.failures"
check "without a shard the merge ends with 65" ends_with always 65
check "the merge names it" names always/merge.log "There are no partial statistics of shard 3/$shards of "
check "it says what to do" names always/merge.log "Give measure.ps1 these shards with -Shard"
check "no model is written" has_no_model always
check "the other shards are left alone" bash -c "! grep -q 'Attempt 2' '$work'/always/measure-[12].log"
check "it was tried four times" test "$(wc -l < "$work/always/measure-3.failures")" = 4
wait "$killer"
if [ -n "$starving" ]; then
    check "the kernel killed it for its memory each time" was_starved
else
    echo "No control group could be made: the shard without memory was killed by SIGKILL of this test rather than of the kernel."
fi
submit always

check "a task that gives way goes on in another attempt" is_right preempted
check "it saves its work first" names preempted/measure-2.log "The process was asked to end while shard 2/$shards was measured"
check "the other has had its place" test "$(state "$(cat "$work/urgent")")" = COMPLETED
check "it is no failure" test ! -e "$work/preempted/measure-2.failures"
check "tasks whose time is over go on in other attempts" is_right limit
for shard in 1 2; do
    check "shard $shard saves its work first" names "limit/measure-$shard.log" "The process was asked to end while shard $shard/$shards was measured"
    check "shard $shard goes back into the queue" names "limit/measure-$shard.log" "Attempt 2 at shard $shard/$shards"
done
check "that of the second was over" grep -qE "Time limit exhausted for JobId=${array[limit]}(_2|\b)" "$work/slurmctld.log"
check "given again, the command whose shard had too little memory measures it" is_right always

# A node that hangs with all that runs there, until another has finished its shard.
cut_off() {
    until_it has_attempts cut 1 1 || return 1
    victim=$(process cut 1)
    job=$(squeue -h -r -j "${array[cut]}_1" -o %A)
    node=$(squeue -h -r -j "${array[cut]}_1" -o %N)
    around=("${slurmd[$node]}" $(pgrep -f "slurmstepd: \[$job\.") $(pgrep -f "slurm_script .* $work/cut "))
    kill -STOP "${around[@]}" "$victim" 2> /dev/null
    until_it test -e "$work/cut/part-1.safetensors"
}
come_back() {
    local part before
    part=$work/cut/part-1.safetensors
    before=$(sha256sum < "$part")
    kill -CONT "$victim" && until_it gone "$victim" && [ "$(sha256sum < "$part")" = "$before" ]
    local result=$?
    kill -CONT "${around[@]}" 2> /dev/null || true
    return "$result"
}
gone() { ! kill -0 "$1" 2> /dev/null || [ "$(ps -o stat= -p "$1" | cut -c 1)" = Z ]; }
submit cut
check "a node that hangs is given up, and its shard measured elsewhere" cut_off
check "the attempt that wakes leaves the finished part as it is" come_back
check "the run with a node that hangs makes the model" is_right cut

readonly written=$work/normal/$(basename "$model")
before=$(sha256sum < "$written")
is_untouched() { [ "$(sha256sum < "$written")" = "$before" ]; }
submit normal 4
check "another number of shards in the same folder is not merged" ends_with normal 65
check "the merge says why" names normal/merge.log "but there are to be 4 shards; nothing was merged"
check "measuring says so before" names normal/measure-1.log "is the checkpoint of a run with other options: shard was"
check "it is not tried again" bash -c "! grep -q 'Attempt 2' '$work/normal/measure-1.log'"
rm "$work/normal/part-4.safetensors"
size=$(stat -c %s "$work/normal/part-2.safetensors")
printf 'damage' | dd of="$work/normal/part-2.safetensors" bs=1 seek=$((size - 100)) conv=notrunc status=none
merge[normal]=$(sbatch --parsable --output="$work/normal/again.log" module/examples/slurm/merge.sbatch \
    "$PWD/module/examples" "$model" "$work/normal" "$written" "$shards")
check "a damaged part ends the merge with 65" ends_with normal 65
check "it is named" names normal/again.log "part-2.safetensors' is damaged"
check "the model from before stays" is_untouched

echo "The Slurm test took $SECONDS s: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
