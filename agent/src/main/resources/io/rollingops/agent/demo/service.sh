# shellcheck shell=sh
# Restarts and upgrades the demo's service of one unit: what a callback of yours might do with systemctl.
# The service has the release that the file VERSION names, and needs the file settings-RELEASE unless that is 1.0.
# Environment: DEMO_JAVA (the command that runs the service), DEMO_PORT, DEMO_FOLDER, DEMO_LOG.
set -e
cd "$DEMO_FOLDER"

stop() {
  [ -e pid ] || return 0
  pid=$(cat pid)
  kill "$pid" 2>/dev/null || true
  while kill -0 "$pid" 2>/dev/null; do sleep 0.02; done
  rm -f pid ready
}

start() {
  rm -f ready
  release=$(cat VERSION 2>/dev/null || echo 1.0)
  [ "$release" = 1.0 ] || [ -e "settings-$release" ] || { echo "settings-$release is missing"; return 1; }
  setsid sh -c "exec $DEMO_JAVA demo-service --port $DEMO_PORT --ready ready --release $release" >service.log 2>&1 </dev/null &
  echo $! >pid
  while [ ! -e ready ]; do
    kill -0 "$(cat pid)" 2>/dev/null || { cat service.log; return 1; }
    sleep 0.02
  done
}

begin() { echo "begin $ROLLINGOPS_UNIT $ROLLINGOPS_FENCING_TOKEN $(date +%s%N)" >>"$DEMO_LOG"; }
end() { echo "end $ROLLINGOPS_UNIT $ROLLINGOPS_FENCING_TOKEN $(date +%s%N)" >>"$DEMO_LOG"; }

case $1 in
  start) start ;;
  stop) stop ;;
  restart)
    begin
    stop
    start
    end
    ;;
  upgrade)
    begin
    stop
    echo "$ROLLINGOPS_ARG_RELEASE" >VERSION
    start || true # whether it is well is for the health check to say
    end
    ;;
  health)
    if [ ! -e ready ] || ! kill -0 "$(cat pid)"; then echo "the service does not run"; exit 1; fi
    ;;
esac
