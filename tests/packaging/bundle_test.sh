#!/bin/bash
# bundle_test.sh [armhf|arm64|amd64]...: the archive for Venus OS in a root that holds nothing else but /proc, /dev and the bus
# socket, run by qemu-user where it is for another machine. The simulator plays a battery, the daemon publishes it on a
# real dbus-daemon and stops cleanly. Takes the archives from build/packages.
set -euo pipefail
SOURCE=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/packaging/venus_root.sh
. "$SOURCE/tests/packaging/venus_root.sh"
[ $# -gt 0 ] || set -- armhf arm64
found=()
for arch in "$@"; do
  for archive in "${DBUS_BMS_PACKAGES:-$SOURCE/build/packages}"/dbus-bms-*-venus-"$arch".tar.gz; do
    if [ -e "$archive" ]; then found+=("$arch=$archive"); fi
  done
done
[ ${#found[@]} -gt 0 ] || { echo "no archive in build/packages; make one with ./dev package venus" >&2; exit 1; }
tools qemu-arm-static qemu-aarch64-static dbus-daemon
enter_namespaces "$@"

WORK=$(mktemp -d)
NEVER=$WORK/never
mkfifo "$NEVER"
pids=()
leave() {
  [ ${#pids[@]} -eq 0 ] || kill -KILL "${pids[@]}" 2>/dev/null
  umount -R "$WORK"/*/proc "$WORK"/*/dev 2>/dev/null
  rm -rf --one-file-system "$WORK"
}
trap leave EXIT
fail() {
  echo "FAILED: $*" >&2
  tail -n 20 "$WORK"/*.log >&2
  exit 1
}
declare -A EMULATOR=([armhf]=qemu-arm-static [arm64]=qemu-aarch64-static [amd64]="")
CHROOT=$(command -v chroot)

# Own bus, as open as that of Venus OS.
start_bus() {
  mkdir -p "$ROOT/run/dbus"
  cat >"$WORK/bus.conf" <<CONF
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path=$ROOT/run/dbus/system_bus_socket</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/><allow user="*"/></policy>
</busconfig>
CONF
  dbus-daemon --config-file="$WORK/bus.conf" --nofork >"$WORK/bus.log" 2>&1 &
  pids+=($!)
  eventually 10 test -S "$ROOT/run/dbus/system_bus_socket" || fail "no bus"
}

bare_root() {
  local arch=$1 archive=$2 folder
  mkdir -p "$ROOT"/{proc,dev,data/apps,data/dbus-bms,run,tmp}
  tar -xzf "$archive" -C "$ROOT/data/apps"
  folder=$(ls "$ROOT/data/apps")
  mv "$ROOT/data/apps/$folder" "$ROOT/data/apps/dbus-bms"
  mkdir "$ROOT/var" && ln -s /run "$ROOT/var/run"
  RUN_BY=()
  if [ -n "${EMULATOR[$arch]}" ]; then
    cp "$(command -v "${EMULATOR[$arch]}")" "$ROOT/emulator"
    RUN_BY=(/emulator)
  fi
  mount -t proc proc "$ROOT/proc"
  mount -t tmpfs -o mode=755 dev "$ROOT/dev"
  mkdir "$ROOT/dev/pts"
  mknod -m 666 "$ROOT/dev/null" c 1 3
  mknod -m 666 "$ROOT/dev/urandom" c 1 9
  mount -t devpts -o newinstance,ptmxmode=0666 devpts "$ROOT/dev/pts"
  ln -s pts/ptmx "$ROOT/dev/ptmx"
}

inside() { env -i "$CHROOT" "$ROOT" "${RUN_BY[@]}" /data/apps/dbus-bms/bin/dbus-bms "$@"; }
# The whole answer first: a grep that stops reading at its match would end the writer, and with pipefail the match, too.
shown() { grep -qE -- "$1" <<<"$(inside status --json 2>/dev/null | tr -d ' ')"; }
item() { shown "\"$1\":$2"; }
battery_on_bus() { shown '"com.victronenergy.battery.dbusbms_rack"'; }
no_battery_on_bus() { ! battery_on_bus; }

run_archive() {
  local arch=$1 archive=$2 version daemon started ready code=0
  ROOT=$WORK/$arch
  bare_root "$arch" "$archive"
  version=$(cat "$ROOT/data/apps/dbus-bms/VERSION")
  [ "$(inside --version)" = "dbus-bms $version" ] || fail "$arch: does not say version $version"
  start_bus
  cat >"$ROOT/data/dbus-bms/config.ini" <<'CONF'
[battery:rack]
driver = eg4
port = /dev/ttyBMS
address = 1
[limits]
max_charge_a = 50
max_discharge_a = 60
CONF
  inside check-config /data/dbus-bms/config.ini >"$WORK/check.log" 2>&1 || fail "$arch: check-config"
  env -i "$CHROOT" "$ROOT" "${RUN_BY[@]}" /data/apps/dbus-bms/bin/dbus-bms simulate --driver eg4 --link /dev/ttyBMS --address 1 \
    --soc 55 >"$WORK/simulator.log" 2>&1 <>"$NEVER" &
  pids+=($!)
  eventually 30 test -L "$ROOT/dev/ttyBMS" || fail "$arch: no simulator"
  started=$(date +%s%N)
  env -i DBUS_SYSTEM_BUS_ADDRESS=unix:path=/run/dbus/system_bus_socket "$CHROOT" "$ROOT" "${RUN_BY[@]}" \
    /data/apps/dbus-bms/bin/dbus-bms run --config /data/dbus-bms/config.ini >"$WORK/daemon.log" 2>&1 &
  daemon=$!
  pids+=("$daemon")
  eventually 60 battery_on_bus || fail "$arch: no battery on the bus"
  ready=$((($(date +%s%N) - started) / 1000000))
  eventually 30 item /Soc '55(\.[0-9]+)?' || fail "$arch: /Soc is not the simulator's"
  eventually 60 item /Info/MaxChargeVoltage '[0-9]+' || fail "$arch: no charge voltage limit"
  memory=$(awk '/^Pss:/ { print $2 }' "/proc/$daemon/smaps_rollup" 2>/dev/null || echo 0)
  kill -TERM "$daemon"
  wait "$daemon" || code=$?
  [ "$code" -eq 0 ] || fail "$arch: ended with $code"
  eventually 10 no_battery_on_bus || fail "$arch: the battery is still on the bus"
  echo "- $arch: version $version published a battery after at most $ready ms (emulated: ${EMULATOR[$arch]:-no}," \
    "PSS with emulator $memory kB) and stopped cleanly"
  kill -KILL "${pids[@]}" 2>/dev/null || true
  wait 2>/dev/null || true
  pids=()
}

for entry in "${found[@]}"; do run_archive "${entry%%=*}" "${entry#*=}"; done
