#!/usr/bin/env bash
# A private D-Bus, three simulated JK PB batteries on one RS485 line, the daemon, and what it publishes.
# ./dev demo [--once]    --once prints the status once instead of watching it
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."

program=${DBUS_BMS:-build/release/dbus-bms}
folder=$(mktemp -d /tmp/dbus-bms-demo.XXXXXX)
pids=()
clean_up() {
  trap - EXIT INT TERM
  local i
  for ((i = ${#pids[@]} - 1; i >= 0; --i)); do
    kill "${pids[i]}" 2>/dev/null || true
    wait "${pids[i]}" 2>/dev/null || true
  done
  rm -rf "$folder"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

# await WHAT COMMAND...: until the command succeeds, 20 s at most.
await() {
  local what=$1 end=$((SECONDS + 20))
  shift
  until "$@" >/dev/null 2>&1; do
    if ((SECONDS > end)); then
      echo "no $what within 20 s" >&2
      cat "$folder"/*.log >&2 || true
      exit 3
    fi
    read -rt 0.1 <> <(:) || true
  done
}

cat >"$folder/bus.conf" <<CONF
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path=$folder/bus</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
CONF
cat >"$folder/config.ini" <<CONF
[daemon]
state_dir = $folder/state

[battery:rack]
driver = jk-pb
port = $folder/rs485
address = 1, 2, 3
name = House

[limits]
max_charge_a = 100
max_discharge_a = 120
CONF
export DBUS_SYSTEM_BUS_ADDRESS=unix:path=$folder/bus

dbus-daemon --config-file="$folder/bus.conf" --nofork --nosyslog >"$folder/bus.log" 2>&1 &
pids+=($!)
await "D-Bus" test -S "$folder/bus"
# Standard input stays open for the simulator: closed, it would have nobody to obey, which is fine as well.
"$program" simulate --driver jk-pb --address 1,2,3 --link "$folder/rs485" --capacity 280 --soc 72 --current -18 \
  --cells 16 </dev/null >"$folder/simulate.log" 2>&1 &
pids+=($!)
await "simulated line" test -e "$folder/rs485"
"$program" run --config "$folder/config.ini" >"$folder/daemon.log" 2>&1 &
pids+=($!)
await "battery on D-Bus" sh -c "'$program' status --json | grep -q dbusbms_bank"

if [ "${1:-}" = --once ] || [ ! -t 1 ]; then
  "$program" status
else
  "$program" status --watch
fi
