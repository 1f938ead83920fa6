#!/bin/sh
# install.sh [--yes] [--port PORT]...: installs or updates dbus-bms on a GX device. Safe to run twice.
#   --yes        ask nothing: use what is found
#   --port PORT  look for batteries on this port (again for more), also when something else uses it now
#   --no-probe   look for nothing; write config.ini yourself
main() {
  HERE=$(cd "$(dirname "$0")" && pwd)
  # shellcheck source=packaging/venus/files/common.sh
  . "$HERE/common.sh"
  YES="" PROBE=yes PORTS=""
  while [ $# -gt 0 ]; do
    case $1 in
      --yes) YES=yes ;;
      --no-probe) PROBE="" ;;
      --port) PORTS="$PORTS ${2:-}"; shift ;;
      --help | -h) sed -n '2,5s/^# //p' "$HERE/install.sh"; exit 0 ;;
      *) sed -n '2,5s/^# //p' "$HERE/install.sh" >&2; exit 2 ;;
    esac
    shift
  done
  umask 022
  check_device
  check_archive
  explain_peers
  mkdir -p "$RUN" "$LOG" "$CONFIG_DIR"
  one_at_a_time
  if [ ! -e "$APP" ] && [ -e "$PREVIOUS" ]; then go_back; fi
  if [ -e "$APP" ]; then update; else install_first; fi
}

interactive() { [ -t 0 ] && [ -t 1 ]; }

# ask QUESTION: yes or no; --yes says yes, nobody there says no.
ask() {
  [ -n "$YES" ] && return 0
  interactive || return 1
  printf '%s [y/n] ' "$1"
  read -r answer
  case $answer in y* | Y*) return 0 ;; *) return 1 ;; esac
}

check_device() {
  [ "$(id -u)" -eq 0 ] || fail "run this as root"
  if [ ! -d /data ] || [ ! -d /service ] || ! command -v svc >/dev/null || ! command -v multilog >/dev/null; then
    fail "this is not Venus OS (no /data, /service or daemontools); for Debian there is a package"
  fi
  touch /data/.dbus-bms-writable 2>/dev/null || fail "/data cannot be written"
  rm -f /data/.dbus-bms-writable
  size=$(du -sk "$HERE" | cut -f1)
  free=$(df -k /data | tail -n 1 | awk '{ print $(NF - 2) }')
  needed=$((size * 2 + 2048)) # the new version, while the old one is still there, and room for logs
  case $free in '' | *[!0-9]*) fail "cannot tell how much room /data has (df says '$free')" ;; esac
  [ "$free" -ge "$needed" ] || fail "/data has $free kB free, $needed kB are needed"
}

check_archive() {
  intact "$HERE" || fail "the archive is damaged: a file differs from SHA256SUMS; unpack it again"
  VERSION=$(version_of "$HERE")
  said=$(program "$HERE" --version 2>/dev/null) ||
    fail "the program does not start here: this archive is for $(cat "$HERE/ARCH"), this device is $(uname -m);" \
      "take the other one (armhf for most devices; arm64 for the Raspberry Pi 5 and the newest Cerbo GX)"
  case $said in *"$VERSION"*) ;; *) fail "the program says '$said' and the archive is version $VERSION" ;; esac
}

# One port can have one reader only, and DVCC follows one battery only.
explain_peers() {
  PEER=
  for p in /data/apps/dbus-serialbattery /data/etc/dbus-serialbattery; do
    if [ -e "$p" ]; then PEER=$p && break; fi
  done
  [ -n "$PEER" ] || return 0
  say "dbus-serialbattery is installed in $PEER."
  say "  The two get along when each has its own ports: the ports that $CONFIG names are taken from"
  say "  dbus-serialbattery, all others stay with it. Two readers on one port would spoil each other's answers, and"
  say "  with batteries of both on the bus DVCC follows one of them only (Settings > System setup > Battery monitor)."
  say "  To leave all ports to dbus-bms:  sh $PEER/disable.sh"
  say "  The way back at any time:        sh $APP/uninstall.sh   (and sh $PEER/enable.sh if you disabled it)"
  if interactive && [ ! -e "$APP" ]; then ask "Go on?" || fail "nothing was changed"; fi
}

one_at_a_time() {
  other=$(cat "$RUN/installing" 2>/dev/null)
  if [ -n "$other" ] && kill -0 "$other" 2>/dev/null; then fail "another install.sh is at work (process $other)"; fi
  echo $$ >"$RUN/installing"
  trap 'rm -f "$RUN/installing"' EXIT
}

unpack() {
  rm -rf "$NEW"
  if [ ! -d "$(dirname "$APP")" ]; then
    mkdir -p "$(dirname "$APP")" || fail "cannot make $(dirname "$APP")"
    made_apps=yes
  elif [ -e "$APP/.made-apps" ]; then
    made_apps=yes
  else
    made_apps=
  fi
  if ! cp -R "$HERE" "$NEW" || ! intact "$NEW"; then
    rm -rf "$NEW"
    fail "copying to $NEW failed"
  fi
  chown -R 0:0 "$NEW" 2>/dev/null
  [ -z "$made_apps" ] || : >"$NEW/.made-apps"
  sync
}

install_first() {
  unpack
  mv "$NEW" "$APP"
  say "Version $VERSION is in $APP."
  first_config
  start
}

start() {
  add_hook || fail "cannot write the boot hook into $RC_LOCAL"
  if [ -e "$RC_LOCAL.disabled" ]; then
    say "Other packages' boot hooks were disabled in the GX settings ($RC_LOCAL.disabled); they stay so."
  fi
  place_service || fail "cannot put the service into $SERVICE"
  command -v svrescan >/dev/null && svrescan >/dev/null 2>&1
  wait_for 15 supervised "$SERVICE" || fail "svscan does not take up $SERVICE: is it running?"
  [ -e "$CONFIG" ] || { say "The service waits for $CONFIG: see $APP/config.ini.example and INSTALL.md."; return 0; }
  say "The service runs: $APP/bin/dbus-bms status"
}

# Looks for batteries on the ports nobody needs, and turns what was found into a first config.ini.
first_config() {
  if [ -e "$CONFIG" ]; then say "$CONFIG is kept."; return 0; fi
  [ -n "$PROBE" ] || return 0
  if [ -z "$YES" ] && ! interactive; then return 0; fi
  if [ -z "$PORTS" ]; then PORTS=$("$APP/ports.sh" candidates); fi
  if [ -z "$PORTS" ]; then say "No free serial port: is the adapter plugged in?"; return 0; fi
  # shellcheck disable=SC2086  # one argument a port
  say "Looking for batteries, reading only, on:" $PORTS
  for p in $PORTS; do "$APP/ports.sh" hold "$(basename "$(readlink -f "$p")")" $$; done
  # shellcheck disable=SC2086  # one argument a port
  if "$APP/bin/dbus-bms" probe $PORTS >"$RUN/probe"; then found=yes; else found=; fi
  for p in $PORTS; do "$APP/ports.sh" let-go "$(basename "$(readlink -f "$p")")" $$; done
  cat "$RUN/probe"
  sed -n '/^\[battery:/,$p' "$RUN/probe" >"$RUN/config.ini"
  if [ -z "$found" ]; then
    say "No battery answered. Check the wiring, then write $CONFIG or run install.sh again."
  elif ! "$APP/bin/dbus-bms" check-config "$RUN/config.ini"; then
    say "What was found makes no complete configuration; write $CONFIG by hand."
  elif ask "Write this to $CONFIG?"; then
    cp "$RUN/config.ini" "$CONFIG.new" && mv "$CONFIG.new" "$CONFIG" && say "$CONFIG is written."
  fi
  rm -f "$RUN/probe" "$RUN/config.ini"
}

update() {
  old=$(version_of "$APP")
  if cmp -s "$HERE/SHA256SUMS" "$APP/SHA256SUMS" && intact "$APP"; then
    say "Version $VERSION is already installed."
    first_config
    start
    return
  fi
  if [ -e "$CONFIG" ] && ! program "$HERE" check-config "$CONFIG"; then
    fail "version $VERSION does not accept $CONFIG, so nothing was changed; version $old goes on"
  fi
  was_up=
  if service_up; then was_up=yes; fi
  was_published=
  if [ -n "$was_up" ] && published; then was_published=yes; fi
  unpack
  # From here an ssh session that ends must not leave the device between two versions.
  trap '' HUP INT PIPE
  # A version that is still on trial never replaces the last good one.
  if [ -e "$PREVIOUS" ]; then mv "$APP" "$FAILED"; else mv "$APP" "$PREVIOUS"; fi
  mv "$NEW" "$APP"
  sync
  rm -rf "$FAILED"
  [ -z "$was_published" ] || : >"$PREVIOUS/.published"
  say "Version $VERSION takes the place of $old."
  first_config
  start
  if [ -z "$was_up" ] || [ ! -e "$CONFIG" ]; then
    rm -rf "$PREVIOUS" # it was not running, so there is nothing to compare with
    return
  fi
  say "Waiting up to $TRIAL_SECONDS s for a battery on D-Bus; without one version $old comes back by itself."
  restart
  trial
}

# Ends the old process: what is on the bus from then on is the new version's.
restart() {
  old_process=$(service_pid)
  rm -f "$RUN/started" # not a crash: no pause before the next start
  svc -t "$SERVICE"
  wait_for 20 replaced && return 0
  say "The old version does not end by itself and is killed."
  svc -k "$SERVICE"
  wait_for 5 replaced
}
replaced() { [ "$(service_pid)" != "$old_process" ]; }

main "$@"
exit
