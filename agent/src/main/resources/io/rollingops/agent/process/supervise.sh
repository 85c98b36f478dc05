# shellcheck shell=sh
# Runs a command in a process group of its own and ends the whole group when it is told to, or when whoever holds the
# other end of the control pipe is gone, however that came.
#
#   sh supervise.sh CONTROL RUN COMMAND [ARG ...]
#
# CONTROL: '-' for standard input, else a named pipe; each line is a signal name to send to the group, its end is KILL.
# RUN: a folder; the file 'group' in it names the process group, the file 'ended-by-order' says that it was told to end.
# The exit status is the command's; 137 when the group was killed.

# Whether something of the group lives. What has died counts no more, although it keeps its number until its new parent,
# process 1, has taken notice; in a container that may be a second later, or never.
lives() {
  kill -s 0 -- "-$group" 2>/dev/null || return 1
  [ -e /proc/self/stat ] || return 0
  for stat in /proc/[0-9]*/stat; do
    { read -r line <"$stat"; } 2>/dev/null || continue
    # shellcheck disable=SC2086 # words are wanted
    set -- ${line##*) } # state, parent, group
    [ "$3" = "$group" ] && [ "$1" != Z ] && [ "$1" != X ] && return 0
  done
  return 1
}

control=$1
run=$2
shift 2
if [ "$control" = - ]; then
  exec 3<&0 </dev/null
else
  exec 3<"$control"
fi
# The group is on record before the command begins: whoever comes after a crash must be able to find it.
# shellcheck disable=SC2016 # the inner shell expands it
setsid sh -c 'echo "$$" >"$0/group"; exec "$@"' "$run" "$@" 3<&- &
group=$!
(
  exec >/dev/null 2>&1
  while read -r order <&3; do
    : >"$run/ended-by-order"
    kill -s "$order" -- "-$group" || kill -s "$order" "$group"
  done
  : >"$run/ended-by-order"
  kill -s KILL -- "-$group" || kill -s KILL "$group"
) &
guard=$!
exec 3<&-
wait "$group"
status=$?
if [ -e "$run/ended-by-order" ]; then
  tries=0
  while kill -s KILL -- "-$group" 2>/dev/null && lives && [ "$tries" -lt 500 ]; do
    tries=$((tries + 1))
    sleep 0.01
  done
else
  kill "$guard" 2>/dev/null
fi
exit "$status"
