#!/bin/bash
# Install, reboot, update, failed update with roll-back, uninstall and purge on a GX device made of a folder. Every file
# is compared before and after. A stand-in for the program makes each kind of failure possible.
set -euo pipefail
SOURCE=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/packaging/venus_root.sh
. "$SOURCE/tests/packaging/venus_root.sh"
tools busybox svscan supervise svc svok svstat multilog
enter_namespaces "$@"

# archive VERSION MODE: an unpacked archive in the device's /tmp.
archive() {
  archive_files "$1"
  cp "$SOURCE/tests/packaging/standin/dbus-bms" "$FOLDER/bin/"
  cp "$SOURCE/tests/packaging/standin/ld-linux-standin" "$FOLDER/lib/"
  echo "$2" >"$FOLDER/mode"
  seal_archive
}
on_bus() { read -r _ VERSION <"$ROOT/tmp/bus" && [ "$VERSION" = "$1" ]; } 2>/dev/null
off_bus() { [ ! -e "$ROOT/tmp/bus" ]; }
process() { cut -d' ' -f1 "$ROOT/tmp/bus"; }

prepare_device
printf '#!/bin/sh\necho other package\nexit 0\n' >"$ROOT/data/rc.local"
chmod 750 "$ROOT/data/rc.local"
boot "$ROOT"
archive 1.0.0 good
archive 1.1.0 good
archive 1.2.0 silent
archive 1.3.0 crash
snapshot "$ROOT" >"$WORK/before"
cp -R "$ROOT/tmp/dbus-bms-1.0.0" "$ROOT/tmp/dbus-bms-1.0.9"

begin "refusals change nothing"
printf x >>"$ROOT/tmp/dbus-bms-1.0.9/bin/dbus-bms"
refuse install 1.0.9
check said "archive is damaged"
touch "$ROOT/tmp/wrong-machine"
refuse install 1.0.0
check said "this archive is for armhf"
rm "$ROOT/tmp/wrong-machine"
snapshot "$ROOT" >"$WORK/now"
check diff "$WORK/before" "$WORK/now"

begin "without a terminal it installs and waits for a configuration"
check install 1.0.0
check said "waits for /data/dbus-bms/config.ini"
check eventually 10 supervised
check off_bus
check test ! -e "$ROOT/tmp/probed"
check grep -q '^exit 0$' "$ROOT/data/rc.local"
check test "$(stat -c %a "$ROOT/data/rc.local")" = 750
plug "$ROOT" ttyUSB0 ID_SERIAL_SHORT=A50285BI ID_USB_INTERFACE_NUM=00 ID_PATH=platform-usb-0:1:1.0 VE_SERVICE=rs485:default
plug "$ROOT" ttyUSB1 ID_SERIAL_SHORT=VE12345 VE_SERVICE=vedirect
config '[battery:rack]' 'driver = jk-pb' 'port = /dev/ttyUSB0  ; the adapter' '[limits]' 'port = none'
check eventually 20 on_bus 1.0.0
check grep -q 'SHORT}=="A50285BI", ENV{ID_USB_INTERFACE_NUM}=="00", ENV{VE_SERVICE}="ignore"' \
  "$ROOT/run/udev/rules.d/zz-dbus-bms.rules"
check test "$(grep -c . "$ROOT/run/udev/rules.d/zz-dbus-bms.rules")" = 1
check test "$(readlink "$ROOT/run/lock/serial-starter/ttyUSB0")" = "$(process)"
check test ! -L "$ROOT/dev/serial-starter/ttyUSB0"
check test -L "$ROOT/dev/serial-starter/ttyUSB1"
check eventually 10 test -s "$ROOT/data/log/dbus-bms/current"
check test ! -e "$ROOT/data/apps/dbus-bms/service/supervise"

begin "a second run changes nothing and disturbs nobody"
pid=$(process)
cp "$ROOT/data/rc.local" "$WORK/rc.local"
check install 1.0.0
check said "already installed"
check test "$(process)" = "$pid"
check cmp "$ROOT/data/rc.local" "$WORK/rc.local"
check on_device /data/apps/dbus-bms/enable.sh
check test "$(process)" = "$pid"

begin "it comes back by the hook after a reboot, and after a firmware update that emptied everything but /data"
power_off "$ROOT"
rm -f "$ROOT/tmp/bus"
boot "$ROOT"
check eventually 20 on_bus 1.0.0
check test "$(readlink "$ROOT/service/dbus-bms")" = /run/dbus-bms/service

begin "a crash is followed by a start with the ports claimed again"
kill -KILL "$(process)"
rm -f "$ROOT/tmp/bus"
check eventually 30 on_bus 1.0.0
check test "$(readlink "$ROOT/run/lock/serial-starter/ttyUSB0")" = "$(process)"

begin "an update that publishes stays"
check install 1.1.0
refuse said killed
check on_bus 1.1.0
check only_version 1.1.0

begin "an update that publishes nothing rolls back by itself"
snapshot "$ROOT" | grep -v ' data/log/' >"$WORK/good"
refuse install_soon 1.2.0
check said "published no battery within 4 s: back to version 1.1.0"
check eventually 20 on_bus 1.1.0
check only_version 1.1.0
snapshot "$ROOT" >"$WORK/now"
check diff <(grep -v '^data/log' "$WORK/good") <(grep -v '^data/log' "$WORK/now")

begin "so does one that crashes"
refuse install_soon 1.3.0
check eventually 30 on_bus 1.1.0
check only_version 1.1.0

begin "an update that does not accept the configuration is refused before anything changes"
pid=$(process)
cp "$ROOT/data/dbus-bms/config.ini" "$WORK/config.ini"
echo 'unknown = 1' >>"$ROOT/data/dbus-bms/config.ini"
refuse install 1.0.0
check said "nothing was changed"
check test "$(process)" = "$pid"
cp "$WORK/config.ini" "$ROOT/data/dbus-bms/config.ini"

begin "power fails between the two renames: the next boot has the old version"
power_off "$ROOT"
rm -f "$ROOT/tmp/bus"
mv "$ROOT/data/apps/dbus-bms" "$ROOT/data/apps/dbus-bms.previous"
cp -R "$ROOT/tmp/dbus-bms-1.2.0" "$ROOT/data/apps/dbus-bms.new"
boot "$ROOT"
check eventually 20 on_bus 1.1.0
check eventually 5 only_version 1.1.0

begin "power fails during a trial: the trial begins again at boot and the old version comes back"
power_off "$ROOT"
rm -f "$ROOT/tmp/bus"
mv "$ROOT/data/apps/dbus-bms" "$ROOT/data/apps/dbus-bms.previous"
touch "$ROOT/data/apps/dbus-bms.previous/.published"
cp -R "$ROOT/tmp/dbus-bms-1.2.0" "$ROOT/data/apps/dbus-bms"
DBUS_BMS_TRIAL_SECONDS=4 boot "$ROOT"
check eventually 40 on_bus 1.1.0
check eventually 5 only_version 1.1.0

begin "a port that config.ini no longer names goes back to serial-starter"
config '[battery:rack]' 'driver = jk-pb' 'port = usb:OTHER'
on_device /usr/bin/svc -t /service/dbus-bms
check eventually 30 test -L "$ROOT/dev/serial-starter/ttyUSB0"
check test ! -L "$ROOT/run/lock/serial-starter/ttyUSB0"
check grep -q 'SHORT}=="OTHER"' "$ROOT/run/udev/rules.d/zz-dbus-bms.rules"
cp "$WORK/config.ini" "$ROOT/data/dbus-bms/config.ini"
on_device /usr/bin/svc -t /service/dbus-bms
check eventually 30 on_bus 1.1.0

begin "uninstall leaves the configuration and nothing else"
check uninstall
check off_bus
check test -L "$ROOT/dev/serial-starter/ttyUSB0"
check test -z "$(find "$ROOT/run" -name '*dbus-bms*' -o -name ttyUSB0)"
snapshot "$ROOT" >"$WORK/now"
check diff "$WORK/before" <(grep -v '^data/dbus-bms' "$WORK/now")
check cmp "$WORK/config.ini" "$ROOT/data/dbus-bms/config.ini"

begin "purge leaves nothing"
check install 1.0.0
check eventually 20 on_bus 1.0.0
check uninstall --purge
snapshot "$ROOT" >"$WORK/now"
check diff "$WORK/before" "$WORK/now"

begin "--yes looks for batteries on free ports only and writes what it found"
touch "$ROOT/tmp/battery"
mkdir -p "$ROOT/data/apps/dbus-serialbattery"
check install 1.0.0 --yes
check said "dbus-serialbattery is installed in /data/apps/dbus-serialbattery"
check said "/dev/ttyUSB1 is left alone: it belongs to vedirect"
check test "$(cat "$ROOT/tmp/probed")" = /dev/ttyUSB0
check eventually 20 on_bus 1.0.0
check grep -q '^port = /dev/ttyUSB0$' "$ROOT/data/dbus-bms/config.ini"
check uninstall --purge
rm -rf "$ROOT/data/apps/dbus-serialbattery"

begin "a device without rc.local and /data/apps gets both, and loses both again"
rm -rf "$ROOT/data/rc.local" "$ROOT/data/apps"
snapshot "$ROOT" >"$WORK/before"
check install 1.0.0
check test -x "$ROOT/data/rc.local"
check uninstall
snapshot "$ROOT" >"$WORK/now"
check diff "$WORK/before" "$WORK/now"
echo "all good"
