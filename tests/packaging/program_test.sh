#!/bin/bash
# program_test.sh PROGRAM SETTINGS [FOLDER]: the life of the real program on a GX device made of a folder: a real D-Bus with the
# settings service, simulated batteries behind serial ports, the scripts of the archive. SETTINGS plays com.victronenergy.settings.
# With FOLDER what is installed is the archive for amd64 in it, program, libraries and loader; PROGRAM only plays the batteries.
set -euo pipefail
SOURCE=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/packaging/venus_root.sh
. "$SOURCE/tests/packaging/venus_root.sh"
tools busybox svscan supervise svc svok svstat multilog dbus-daemon script
enter_namespaces "$@"
PROGRAM=$1 SETTINGS=$2 PACKAGES=${3:-} FILES=
VERSION=$("$PROGRAM" --version | cut -d' ' -f2)

# program_archive VERSION [SED-SCRIPT]: the program under another number of the same length, and with a fault where asked.
program_archive() {
  archive_files "$1"
  LC_ALL=C sed "s/${VERSION//./\\.}/$1/g; ${2:-}" "$INSTALLED" >"$FOLDER/bin/dbus-bms"
  [ -n "$FILES" ] || cp -L "$ROOT"/lib64/ld-linux* "$FOLDER/lib/"
  seal_archive
}

# Run at each start of the device, before its services.
before_services() {
  local socket=$ROOT/run/dbus/system_bus_socket
  mkdir -p "$ROOT/run/dbus"
  cat >"$WORK/bus.conf" <<CONF
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path=$socket</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/><allow user="*"/></policy>
</busconfig>
CONF
  dbus-daemon --config-file="$WORK/bus.conf" --nofork >"$WORK/bus.log" 2>&1 &
  BUS=$!
  eventually 10 test -S "$socket"
  "$SETTINGS" "unix:path=$socket" >"$WORK/settings.log" 2>&1 &
  eventually 10 grep -q ready "$WORK/settings.log"
}

# battery NAME TTY SIMULATOR-ARGUMENT...: a simulated battery behind a serial adapter. Its commands go to the file NAME.
battery() {
  local name=$1 tty=$2
  shift 2
  rm -f "$WORK/$name" "$ROOT/tmp/$name"
  mkfifo "$WORK/$name"
  chroot "$ROOT" /tmp/program simulate --link "/tmp/$name" "$@" <>"$WORK/$name" >"$WORK/$name.log" 2>&1 &
  BATTERY=$!
  eventually 20 test -L "$ROOT/tmp/$name"
  : >"$ROOT/dev/$tty"
  mount --bind "$ROOT$(readlink "$ROOT/tmp/$name")" "$ROOT/dev/$tty"
}
tell() { echo "$2" >"$WORK/$1"; }

status() { on_device /tmp/program status --json 2>/dev/null | tr -d ' \n'; }
item() { grep -qE "\"$1\":$2[,}]" <<<"$(status)"; } # PATH PATTERN, of any battery
value() { status | grep -oE "\"$1\":[0-9.]+" | sed -n '1s/.*://p'; }
on_bus() { [ "$(on_device /data/apps/dbus-bms/bin/dbus-bms --version)" = "dbus-bms $1" ] && item /Soc '55(\.0)?'; }
off_bus() { ! grep -q dbusbms_ <<<"$(status)"; }
process() { on_device svstat /service/dbus-bms | sed -n 's/.*(pid \([0-9]*\)).*/\1/p'; }
lock_of() { readlink "$ROOT/run/lock/serial-starter/$1"; }
locked_by_daemon() { [ -n "$(process)" ] && [ "$(lock_of "$1")" = "$(process)" ]; }
free() { [ ! -L "$ROOT/run/lock/serial-starter/$1" ]; }
settled() { # everything but what the daemon writes by itself
  snapshot "$ROOT" | grep -vE '^data/(log|dbus-bms/(state-|instances))'
}

# The guide shows what is really printed: every line of the last output stands in it, with its version numbers.
documented() {
  local line
  sed -e "s/$NEXT/0.2.0/g; s/$WORSE/0.2.1/g; s/$VERSION/0.1.0/g" -e 's/\r//g; s/.*\x1b\[K//; /^Script /d; s/\[y\/n\] */[y\/n] y\n/' \
    -e 's/ 4 s/ 120 s/' "$WORK/output" | grep -vx y | while read -r line; do
    grep -qF -- "$line" "$SOURCE/docs/install.md" || { echo "docs/install.md does not show: $line"; return 1; }
  done
}

prepare_device
echo v3.60 >"$ROOT/opt/victronenergy/version"
cp "$PROGRAM" "$WORK/program"
strip "$WORK/program"
cp "$WORK/program" "$ROOT/tmp/program"
INSTALLED=$WORK/program
if [ -n "$PACKAGES" ]; then
  FILES=$WORK/archive INSTALLED=$WORK/archive/bin/dbus-bms
  mkdir "$FILES"
  tar -xzf "$PACKAGES/dbus-bms-$VERSION-venus-amd64.tar.gz" --strip-components=1 -C "$FILES"
  rm "$FILES/SHA256SUMS"
fi
for library in $(ldd "$PROGRAM" | grep -o '/[^ )]*'); do
  mkdir -p "$ROOT$(dirname "$library")"
  cp -L --remove-destination "$library" "$ROOT$library"
done
printf '#!/bin/sh\necho other package\nexit 0\n' >"$ROOT/data/rc.local"
chmod 755 "$ROOT/data/rc.local"
boot "$ROOT"
NEXT=${VERSION%.*}.8
WORSE=${VERSION%.*}.9
program_archive "$VERSION"
program_archive "$NEXT"
program_archive "$WORSE" 's/dbusbms_/dbusbmz_/g' # publishes, but not what it should
battery rack ttyUSB0 --driver jk --soc 55 --frozen
plug "$ROOT" ttyUSB0 ID_SERIAL_SHORT=A50285BI ID_USB_INTERFACE_NUM=00 VE_SERVICE=rs485:default
: >"$ROOT/dev/ttyUSB1"
plug "$ROOT" ttyUSB1 ID_SERIAL_SHORT=VE12345 VE_SERVICE=vedirect
snapshot "$ROOT" >"$WORK/before"

begin "without a terminal it installs, waits for a configuration and touches no port"
check install "$VERSION"
check said "The service waits for /data/dbus-bms/config.ini"
check eventually 10 supervised
check off_bus
check free ttyUSB0
check test -L "$ROOT/dev/serial-starter/ttyUSB0"

begin "at a terminal it shows what it found and writes nothing after a no"
at_terminal() { # ANSWER
  script -qefc "chroot $ROOT /bin/sh /tmp/dbus-bms-$VERSION/install.sh" "$WORK/output" <<<"$1" >/dev/null
}
check at_terminal n
check said "Looking for batteries, reading only, on: /dev/ttyUSB0"
check said "driver = jk"
check said "Write this to /data/dbus-bms/config.ini? "
check test ! -e "$ROOT/data/dbus-bms/config.ini"
check free ttyUSB0

begin "after a yes it writes a configuration the program accepts, and the battery is on the bus"
check uninstall --purge
check at_terminal y
check said "/data/dbus-bms/config.ini is written"
check documented
check on_device /data/apps/dbus-bms/bin/dbus-bms check-config /data/dbus-bms/config.ini
check eventually 30 on_bus "$VERSION"
check eventually 10 locked_by_daemon ttyUSB0
check test ! -L "$ROOT/dev/serial-starter/ttyUSB0"
check test -L "$ROOT/dev/serial-starter/ttyUSB1"
check free ttyUSB1
on_device /data/apps/dbus-bms/bin/dbus-bms status >"$WORK/output"
if [ -n "${DBUS_BMS_SHOW:-}" ]; then cat "$WORK/output"; fi

begin "a second run changes nothing and disturbs nobody"
pid=$(process)
settled >"$WORK/good"
check install "$VERSION"
check said "already installed"
check test "$(process)" = "$pid"
check diff "$WORK/good" <(settled)

begin "it comes back by the hook after a reboot"
power_off "$ROOT"
kill "$BUS"
wait "$BUS" || true
umount -l "$ROOT/dev/ttyUSB0"
WATCHDOG_USEC=8000000 boot "$ROOT" # as systemd would say it: a loop that hangs for 8 s instead of 30 s is ended
battery rack ttyUSB0 --driver jk --soc 55 --frozen
check eventually 30 on_bus "$VERSION"
check eventually 10 locked_by_daemon ttyUSB0

begin "an update that publishes stays"
check install "$NEXT"
check said "Version $NEXT publishes; version $VERSION is removed."
check documented
check on_bus "$NEXT"
check only_version "$NEXT"

begin "an update that does not publish the battery rolls back by itself"
settled >"$WORK/good"
refuse install_soon "$WORSE"
check said "published no battery within 4 s: back to version $NEXT"
check documented
check eventually 30 on_bus "$NEXT"
check only_version "$NEXT"
check diff "$WORK/good" <(settled)

begin "an update that does not accept the configuration is refused before anything changes"
cp "$ROOT/data/dbus-bms/config.ini" "$WORK/config.ini"
echo 'max_charge_amps = 50' >>"$ROOT/data/dbus-bms/config.ini"
pid=$(process)
refuse install "$VERSION"
check said "max_charge_amps"
check said "nothing was changed"
check test "$(process)" = "$pid"
cp "$WORK/config.ini" "$ROOT/data/dbus-bms/config.ini"

begin "an adapter that is pulled frees its name; plugged in again it is ours before serial-starter has it"
kill "$BATTERY"
wait "$BATTERY" || true
unplug "$ROOT" ttyUSB0
check eventually 20 free ttyUSB0
battery rack ttyUSB0 --driver jk --soc 55 --frozen
plug "$ROOT" ttyUSB0 ID_SERIAL_SHORT=A50285BI ID_USB_INTERFACE_NUM=00 VE_SERVICE=rs485:default
check test ! -L "$ROOT/dev/serial-starter/ttyUSB0"
check grep -qx VE_SERVICE=ignore "$ROOT/tmp/udev/ttyUSB0"
check eventually 40 locked_by_daemon ttyUSB0
check eventually 20 on_bus "$NEXT"

begin "a lock that a late probe removed is put back"
rm "$ROOT/run/lock/serial-starter/ttyUSB0"
check eventually 10 locked_by_daemon ttyUSB0

begin "a loop that hangs is ended and started again, with the limits it had"
tell rack '{"set":{"temps_C":[3,3]}}'
config '[battery:rack]' 'driver = jk' 'port = /dev/ttyUSB0' '[limits]' 'max_charge_a = 100' 'recovery_hold_s = 600'
replaced() { [ -n "$(process)" ] && [ "$(process)" != "$pid" ]; }
restart() {
  pid=$(process)
  on_device svc -t /service/dbus-bms
  check eventually 20 replaced
}
cold() { [ -n "$(value /Info/MaxChargeCurrent)" ] && awk "BEGIN { exit !($(value /Info/MaxChargeCurrent) < 50) }"; }
restart
check eventually 30 cold
limit=$(value /Info/MaxChargeCurrent)
restart # saves
check eventually 30 cold
pid=$(process)
cp "$ROOT/data/dbus-bms/config.ini" "$WORK/cold.ini"
rm "$ROOT/data/dbus-bms/config.ini"
mkfifo "$ROOT/data/dbus-bms/config.ini" # whoever reads it waits for ever
on_device svc -h /service/dbus-bms
opening() { grep -qE '^(2|56|257) ' "/proc/$pid/syscall" 2>/dev/null; } # open, openat
eventually 3 opening 2>/dev/null || true # not every kernel tells in which call a process waits
rm "$ROOT/data/dbus-bms/config.ini"
cp "$WORK/cold.ini" "$ROOT/data/dbus-bms/config.ini"
tell rack '{"set":{"temps_C":[25,25]}}'
check eventually 45 replaced
check grep -q 'the event loop hangs' "$ROOT/data/log/dbus-bms/current"
check eventually 20 item /Soc '55(\.0)?'
check test "$(value /Info/MaxChargeCurrent)" = "$limit"
cp "$WORK/config.ini" "$ROOT/data/dbus-bms/config.ini"

begin "uninstall leaves the configuration and nothing else, and the ports are serial-starter's again"
check uninstall
check documented
check off_bus
check test -L "$ROOT/dev/serial-starter/ttyUSB0"
check free ttyUSB0
check test -z "$(find "$ROOT/run" -name '*dbus-bms*' -o -name ttyUSB0)"
snapshot "$ROOT" >"$WORK/now"
check diff "$WORK/before" <(grep -v '^data/dbus-bms' "$WORK/now")
check cmp "$WORK/config.ini" "$ROOT/data/dbus-bms/config.ini"

begin "--yes beside dbus-serialbattery: explained, and purge leaves nothing"
rm -rf "$ROOT/data/dbus-bms"
mkdir -p "$ROOT/data/apps/dbus-serialbattery"
check install "$VERSION" --yes
check said "dbus-serialbattery is installed in /data/apps/dbus-serialbattery"
check said "The way back at any time: *sh /data/apps/dbus-bms/uninstall.sh"
check said "/dev/ttyUSB1 is left alone: it belongs to vedirect"
check eventually 30 on_bus "$VERSION"
check uninstall --purge
rmdir "$ROOT/data/apps/dbus-serialbattery"
snapshot "$ROOT" >"$WORK/now"
check diff "$WORK/before" "$WORK/now"
echo "all good"
