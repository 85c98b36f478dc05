# shellcheck shell=sh
# What the operations of the end-to-end tests run: writes down that it began, that it still lives, and that it ended.
# E2E_LOG: the log of all units; every line is one append, so that its order is the order in which things happened.
# Arguments: GATE, a file to wait for; FAILURES, how many attempts fail; STATUS, the exit status of those; STUBBORN, not empty
# if it does not listen to SIGTERM.
say() {
  echo "$1 $ROLLINGOPS_UNIT $ROLLINGOPS_OPERATION $ROLLINGOPS_FENCING_TOKEN $ROLLINGOPS_CLUSTER_TOKEN" >>"$E2E_LOG"
}

[ -z "$ROLLINGOPS_ARG_STUBBORN" ] || trap '' TERM
say begin
while [ -n "$ROLLINGOPS_ARG_GATE" ] && [ ! -e "$ROLLINGOPS_ARG_GATE" ]; do
  sleep 0.05
  say lives
done
sleep 0.05
say end
[ "${ROLLINGOPS_ATTEMPT:-1}" -gt "${ROLLINGOPS_ARG_FAILURES:-0}" ] || exit "${ROLLINGOPS_ARG_STATUS:-75}"
