# shellcheck shell=sh
# What the upgrades of the end-to-end tests run. E2E_LOG: the log of all units, E2E_STATE: the folder of one unit with its
# VERSION; E2E_SHARED: the folder of all, where the file broken-RELEASE names
# the unit on which that release is not well, and a file hold keeps whoever has its turn.
say() {
  echo "$1 $ROLLINGOPS_UNIT $ROLLINGOPS_OPERATION $ROLLINGOPS_FENCING_TOKEN" >>"$E2E_LOG"
}

case $1 in
  check)
    [ ! -e "$E2E_SHARED/unfit" ] || { echo "a disk is full"; exit 1; }
    ;;
  upgrade)
    say begin
    echo "$ROLLINGOPS_UNIT $ROLLINGOPS_ARG_RELEASE" >>"$E2E_SHARED/brought"
    sleep 0.1
    while [ -e "$E2E_SHARED/hold" ]; do sleep 0.05; done
    echo "$ROLLINGOPS_ARG_RELEASE" >"$E2E_STATE/VERSION"
    say end
    ;;
  health)
    [ "$(cat "$E2E_STATE/VERSION")" = "$ROLLINGOPS_ARG_RELEASE" ] || exit 3
    broken=$E2E_SHARED/broken-$ROLLINGOPS_ARG_RELEASE
    [ ! -e "$broken" ] || [ "$(cat "$broken")" != "$ROLLINGOPS_UNIT" ]
    ;;
esac
