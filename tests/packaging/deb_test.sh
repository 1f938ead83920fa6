#!/bin/bash
# The Debian package in a clean Debian 12: installed with nothing but its dependencies, its daemon started as the package's own
# user under the package's D-Bus policy, removed, purged, every file compared. The folder with the clean system is made
# once (needs a Debian mirror) and kept in build/. Without systemd as process 1 the unit itself is checked by
# systemd-analyze, and its user, group and state folder are given to the daemon by hand.
set -euo pipefail
SOURCE=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/packaging/venus_root.sh
. "$SOURCE/tests/packaging/venus_root.sh"
shopt -s nullglob
debs=("${DBUS_BMS_PACKAGES:-$SOURCE/build/packages}"/dbus-bms_*_"$(dpkg --print-architecture)".deb)
[ ${#debs[@]} -eq 1 ] || { echo "no package in build/packages; make one with ./dev package deb" >&2; exit 1; }
DEB=${debs[0]}
tools mmdebstrap
enter_namespaces "$@"

CLEAN=$SOURCE/build/debian-root
depends=$(dpkg-deb -f "$DEB" Depends | sed 's/([^)]*)//g; s/|[^,]*//g; s/ //g')
if [ "$(cat "$CLEAN.made" 2>/dev/null)" != "$depends" ]; then
  rm -rf "$CLEAN"
  nice mmdebstrap --quiet --variant=essential --include="$depends,dbus,init-system-helpers" bookworm "$CLEAN.new" || {
    echo "skipped: no Debian mirror"; rm -rf "$CLEAN.new"; exit 77; }
  mv "$CLEAN.new" "$CLEAN"
  printf '%s' "$depends" >"$CLEAN.made"
fi

WORK=$(mktemp -d)
NEVER=$WORK/never
mkfifo "$NEVER"
ROOT=$WORK/root
pids=()
leave() {
  [ ${#pids[@]} -eq 0 ] || kill -KILL "${pids[@]}" 2>/dev/null
  umount -R "$ROOT/proc" "$ROOT/dev" 2>/dev/null
  umount "$ROOT" "$WORK/layers" 2>/dev/null
  rm -rf --one-file-system "$WORK"
}
trap leave EXIT
begin() { CASE=$1; echo "- $CASE"; }
fail() { echo "FAILED in '$CASE': $*" >&2; tail -n 20 "$WORK"/*.log >&2; exit 1; }
check() { "$@" >"$WORK/check.log" 2>&1 || fail "$@"; }
refuse() { if "$@" >"$WORK/check.log" 2>&1; then fail "succeeded: $*"; fi; }
inside() { chroot "$ROOT" "$@"; }
as() { local user=$1; shift; chroot "$ROOT" setpriv --reuid="$user" --regid="$(inside id -g "$user")" --init-groups "$@"; }
files() {
  (cd "$ROOT" && find . -xdev \( -path ./proc -o -path ./dev -o -path ./run -o -path ./tmp -o -path ./var/lib/dpkg \
    -o -path ./var/log -o -path ./var/cache \) -prune -o -printf '%p %y %m %U:%G %l\n' | sort)
}

# The clean system stays clean: changes go to memory.
mkdir -p "$ROOT" "$WORK/layers"
mount -t tmpfs layers "$WORK/layers"
mkdir "$WORK"/layers/{upper,work}
mount -t overlay overlay -o "lowerdir=$CLEAN,upperdir=$WORK/layers/upper,workdir=$WORK/layers/work" "$ROOT"
mount -t proc proc "$ROOT/proc"
mount -t tmpfs -o mode=755 dev "$ROOT/dev"
mkdir "$ROOT/dev/pts"
mknod -m 666 "$ROOT/dev/null" c 1 3
mknod -m 666 "$ROOT/dev/urandom" c 1 9
mount -t devpts -o newinstance,ptmxmode=0666,gid=20,mode=620 devpts "$ROOT/dev/pts"
ln -s pts/ptmx "$ROOT/dev/ptmx"
cp "$DEB" "$ROOT/tmp/dbus-bms.deb"

begin "installs with its dependencies and nothing else"
files >"$WORK/before"
check inside dpkg -i /tmp/dbus-bms.deb
check inside dbus-bms --version
check inside id -u dbus-bms
check test "$(inside id -Gn dbus-bms)" = "dbus-bms dialout"
check test "$(inside dpkg-query -W -f='${Conffiles}' dbus-bms | grep -c /etc/dbus-bms/config.ini)" = 1
check test -L "$ROOT/etc/systemd/system/multi-user.target.wants/dbus-bms.service"

begin "the unit is valid and leaves little to attack"
check inside systemd-analyze verify --man=no /lib/systemd/system/dbus-bms.service
check inside systemd-analyze security --offline=yes --threshold=20 dbus-bms.service
refuse inside grep -q '^\[battery:' /etc/dbus-bms/config.ini

begin "the daemon publishes as its own user under the package's policy"
mkdir -p "$ROOT/run/dbus"
chroot "$ROOT" dbus-daemon --system --nofork --nopidfile >"$WORK/bus.log" 2>&1 &
pids+=($!)
check eventually 10 test -S "$ROOT/run/dbus/system_bus_socket"
chroot "$ROOT" dbus-bms simulate --driver eg4 --link /tmp/bms --address 1 --soc 55 >"$WORK/simulator.log" 2>&1 <>"$NEVER" &
pids+=($!)
check eventually 20 test -L "$ROOT/tmp/bms"
chgrp 20 "$(readlink -f "$ROOT/dev/pts")"/[0-9]* && chmod 660 "$ROOT"/dev/pts/[0-9]*
printf '[battery:rack]\ndriver = eg4\nport = /tmp/bms\naddress = 1\n[limits]\nmax_charge_a = 50\nmax_discharge_a = 60\n' \
  >"$ROOT/etc/dbus-bms/config.ini"
command install -d -m 750 -o "$(inside id -u dbus-bms)" -g "$(inside id -g dbus-bms)" "$ROOT/var/lib/dbus-bms"
# Not by a function: its process would be a shell, and the signal below is for the daemon.
chroot "$ROOT" setpriv --reuid=dbus-bms --regid=dbus-bms --init-groups env -i STATE_DIRECTORY=/var/lib/dbus-bms PATH=/usr/bin \
  dbus-bms run --config /etc/dbus-bms/config.ini >"$WORK/daemon.log" 2>&1 &
daemon=$!
pids+=("$daemon")
shown() { grep -q '"/Soc":55' <<<"$(as "$1" dbus-bms status --json | tr -d ' ')"; }
check eventually 60 shown nobody
call() {
  as "$1" dbus-send --system --print-reply --dest=com.victronenergy.battery.dbusbms_rack /CustomName \
    com.victronenergy.BusItem."$2" ${3:+"$3"}
}
check call nobody GetValue
refuse call nobody SetValue variant:string:mine
check grep -q 'Rejected send message.*SetValue' "$WORK/bus.log"
check call root SetValue variant:string:mine
kill -TERM "$daemon"
code=0
wait "$daemon" || code=$?
[ "$code" -eq 0 ] || fail "the daemon ended with $code"
kill -KILL "${pids[@]}" 2>/dev/null || true
wait 2>/dev/null || true
pids=()

begin "remove keeps the configuration and the state"
rm -f "$ROOT/tmp/bms" "$ROOT/run/dbus/system_bus_socket"
check inside dpkg -r dbus-bms
check test -e "$ROOT/etc/dbus-bms/config.ini"
check test -d "$ROOT/var/lib/dbus-bms"
refuse test -e "$ROOT/usr/bin/dbus-bms"

begin "purge leaves the system user and nothing else"
check inside dpkg -P dbus-bms
files >"$WORK/after"
left=$(diff "$WORK/before" "$WORK/after" | grep '^[<>]' | grep -vE ' \./(etc|var/lib/systemd[^ ]*|etc/(passwd|group|shadow|gshadow)-?|etc/\.pwd\.lock|var/lib) ' || true)
[ -z "$left" ] || fail "left behind: $left"
