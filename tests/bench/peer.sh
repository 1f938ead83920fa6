#!/usr/bin/env bash
# CPU per poll and publish of dbus-bms beside the Python driver dbus-serialbattery, one after the other on the same
# simulated JK PB battery and the same D-Bus. It is not part of this project:
#   DBUS_BMS_PEER_SOURCE=/path/to/venus-os_dbus-serialbattery tests/bench/peer.sh
# needs Debian's python3-serial, python3-dbus and python3-gi. Nothing is sent anywhere: telemetry is off.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."

SOURCE=${DBUS_BMS_PEER_SOURCE:?path of a checkout of mr-manuel/venus-os_dbus-serialbattery}
PROGRAM=${DBUS_BMS_PROGRAM:-build/release/dbus-bms}
PYTHON=${PYTHON:-/usr/bin/python3}  # the one that Debian's packages belong to
SECONDS_MEASURED=${1:-60}
[ -d "$SOURCE/dbus-serialbattery" ] && SOURCE=$SOURCE/dbus-serialbattery
[ -f "$SOURCE/dbus-serialbattery.py" ] || { echo "peer.sh: $SOURCE is not a checkout of it" >&2; exit 2; }
"$PYTHON" -c 'import dbus, gi, serial' || { echo "peer.sh: install python3-serial python3-dbus python3-gi" >&2; exit 3; }

work=$(mktemp -d)
started=()
finish() {
  local pid
  for pid in "${started[@]}"; do kill "$pid" 2>/dev/null || true; done
  wait 2>/dev/null || true
  rm -rf "$work"
}
trap finish EXIT

# Nanoseconds of CPU of a process with all its threads, also those that ended (its CPU clock, man clock_getcpuclockid).
cpu_ns() { "$PYTHON" -c 'import sys, time; print(time.clock_gettime_ns((~int(sys.argv[1]) << 3) | 2))' "$1"; }
names() {
  dbus-send --bus="$DBUS_SESSION_BUS_ADDRESS" --print-reply --dest=org.freedesktop.DBus / \
    org.freedesktop.DBus.ListNames 2>/dev/null
}
wait_for_battery() {
  local pid=$1 log=$2 tries
  for ((tries = 0; tries < 240; tries++)); do
    if [[ $(names) == *'"com.victronenergy.battery.'* ]]; then return 0; fi
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.5
  done
  echo "peer.sh: no battery on D-Bus:" >&2
  tail -n 20 "$log" >&2
  exit 3
}
# Answers the simulated battery has given.
answers() {
  local line
  echo '{"truth": true}' >&"${simulator[1]}"
  read -r line <&"${simulator[0]}"
  "$PYTHON" -c 'import json, sys; print(json.loads(sys.argv[1])["truth"][0]["answers"])' "$line"
}
# measure PID: microseconds of CPU per poll. Both poll once a second; a poll that was not answered does not count.
measure() {
  local pid=$1 ns from polls
  sleep 5
  ns=$(cpu_ns "$pid") from=$(answers)
  sleep "$SECONDS_MEASURED"
  ns=$(($(cpu_ns "$pid") - ns)) polls=$(($(answers) - from))
  [ "$polls" -le "$SECONDS_MEASURED" ] || polls=$SECONDS_MEASURED
  [ "$polls" -gt 0 ] || { echo "peer.sh: the battery was not asked" >&2; exit 3; }
  echo $((ns / polls / 1000))
}

export DBUS_SESSION_BUS_ADDRESS=unix:path=$work/bus
dbus-daemon --session --nofork --address="$DBUS_SESSION_BUS_ADDRESS" >"$work/bus.log" 2>&1 &
started+=($!)
coproc simulator { exec "$PROGRAM" simulate --driver jk-pb --address 1 --link "$work/ttyPEER" --current -12 2>&1; }
started+=("$simulator_PID")
read -r _ <&"${simulator[0]}"

cp -R "$SOURCE" "$work/peer"
printf '[DEFAULT]\nBMS_TYPE = Jkbms_pb\nTELEMETRY = False\n' >"$work/peer/config.ini"
"$PYTHON" tests/bench/peer_settings.py >"$work/settings.log" 2>&1 &
settings=$!
started+=("$settings")
"$PYTHON" tests/bench/peer_start.py "$work/peer" "$work/ttyPEER" >"$work/peer.log" 2>&1 &
peer=$!
started+=("$peer")
wait_for_battery "$peer" "$work/peer.log"
peers=$(measure "$peer")
kill "$peer" "$settings"
wait "$peer" "$settings" 2>/dev/null || true

printf '[daemon]\nstate_dir = %s/state\n[battery:rack]\ndriver = jk-pb\naddress = 1\nport = %s/ttyPEER\npoll_interval = 1\n' \
  "$work" "$work" >"$work/config.ini"
"$PROGRAM" run --config "$work/config.ini" --dbus "$DBUS_SESSION_BUS_ADDRESS" >"$work/ours.log" 2>&1 &
ours=$!
started+=("$ours")
wait_for_battery "$ours" "$work/ours.log"
own=$(measure "$ours")

printf '%-58s %22s   %s\n' "CPU per poll and publish, the Python driver" "$peers us" ""
printf '%-58s %22s   %s\n' "CPU per poll and publish, dbus-bms" "$own us" ""
"$PYTHON" -c 'import sys; p, o = map(float, sys.argv[1:]); print("%-58s %22s   at most 1/20" % ("ratio", "1/%.0f" % (p / max(1, o))))' "$peers" "$own"
