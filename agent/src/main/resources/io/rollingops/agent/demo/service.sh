# Restarts the demo's service of one unit: what a callback of yours might do with systemctl.
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
  setsid sh -c "exec $DEMO_JAVA demo-service --port $DEMO_PORT --ready ready" >service.log 2>&1 </dev/null &
  echo $! >pid
  while [ ! -e ready ]; do
    kill -0 "$(cat pid)" 2>/dev/null || { cat service.log; exit 1; }
    sleep 0.02
  done
}

case $1 in
  start) start ;;
  stop) stop ;;
  restart)
    echo "begin $ROLLINGOPS_UNIT $ROLLINGOPS_FENCING_TOKEN $(date +%s%N)" >>"$DEMO_LOG"
    stop
    start
    echo "end $ROLLINGOPS_UNIT $ROLLINGOPS_FENCING_TOKEN $(date +%s%N)" >>"$DEMO_LOG"
    ;;
esac
