# shellcheck shell=sh disable=SC2034  # the scripts that read this file use the names
# Where things are on a GX device, and what install, update and uninstall share. Written for busybox sh.
export PATH="${PATH:+$PATH:}/usr/sbin:/usr/bin:/sbin:/bin" # udev and boot hooks bring little of it
APP=/data/apps/dbus-bms               # the program; its path is fixed, the binary names its loader by it
NEW=$APP.new                          # a version on its way in
PREVIOUS=$APP.previous                # exists while a new version is on trial: the version to go back to
FAILED=$APP.failed                    # a version on its way out
CONFIG_DIR=/data/dbus-bms
CONFIG=$CONFIG_DIR/config.ini
RC_LOCAL=/data/rc.local
RUN=/run/dbus-bms                     # RAM: supervise writes its state here and not to flash
SERVICE_COPY=$RUN/service
SERVICE=/service/dbus-bms
LOG=/var/log/dbus-bms
# One line in a file that other packages use too; found again by being exactly this. It knows both folders because power
# can fail between the two renames of an update.
# shellcheck disable=SC2016  # expanded at boot
HOOK='for d in /data/apps/dbus-bms /data/apps/dbus-bms.previous; do [ -x $d/enable.sh ] && { $d/enable.sh >/dev/null 2>&1 & break; }; done # dbus-bms'

# Tells the person at the terminal and the record. The terminal may be gone: an ssh session that ends must not stop an
# update half-way.
say() {
  printf '%s\n' "$*" 2>/dev/null || true
  if [ -d "$LOG" ]; then printf '%s %s\n' "$(date -u '+%F %T')" "$*" 2>/dev/null >>"$LOG/install.log" || true; fi
}
fail() { say "dbus-bms: $*" >&2; exit 1; }

# Seconds since boot: the clock of a device without RTC jumps when the network arrives.
now() { cut -d. -f1 /proc/uptime; }

# wait_for SECONDS COMMAND...: true as soon as the command is.
wait_for() {
  wf_end=$(($(now) + $1))
  shift
  until "$@"; do
    [ "$(now)" -lt "$wf_end" ] || return 1
    sleep 1
  done
}

# bounded SECONDS COMMAND...: the command's status, or failure when it takes longer. Some images have no `timeout`.
bounded() {
  bd_end=$(($(now) + $1))
  shift
  "$@" &
  bd_pid=$!
  while kill -0 "$bd_pid" 2>/dev/null; do
    if [ "$(now)" -ge "$bd_end" ]; then
      kill -KILL "$bd_pid" 2>/dev/null
      wait "$bd_pid" 2>/dev/null
      return 1
    fi
    sleep 1
  done
  wait "$bd_pid"
}

# program FOLDER ARGUMENT...: runs the program of a folder that is not (yet) in its place.
program() {
  pr_folder=$1
  shift
  set -- "$pr_folder/bin/dbus-bms" "$@"
  for pr_loader in "$pr_folder"/lib/ld-linux*; do
    "$pr_loader" --library-path "$pr_folder/lib" "$@"
    return
  done
}

version_of() { cat "$1/VERSION" 2>/dev/null || echo unknown; }

# Verifies every file of a folder against its list.
intact() { (cd "$1" && sha256sum -c SHA256SUMS >/dev/null 2>&1); }

# True while a battery of ours is on the bus; other drivers' batteries do not count.
published() { bounded 10 our_battery 2>/dev/null; }
our_battery() { "$APP/bin/dbus-bms" status --json | grep -q 'com\.victronenergy\.battery\.dbusbms_'; }

service_up() { svstat "$SERVICE" 2>/dev/null | grep -q ': up '; }
service_not_up() { ! service_up; }
supervised() { svok "$1" 2>/dev/null; }
not_supervised() { ! supervised "$1"; }

service_pid() { svstat "$SERVICE" 2>/dev/null | sed -n 's/.*: up (pid \([0-9]*\)).*/\1/p'; }

# Seconds the service's present process lives; 0 when it is down.
service_age() {
  sa=$(svstat "$SERVICE" 2>/dev/null | sed -n 's/.*: up (pid [0-9]*) \([0-9]*\) seconds.*/\1/p')
  echo "${sa:-0}"
}

# put FILE TARGET: replaces TARGET in one step, and only when it differs.
put() {
  cmp -s "$1" "$2" && return 0
  cp "$1" "$2.new" && chmod 755 "$2.new" && mv -f "$2.new" "$2"
}

# The service folder in RAM, as the installed version wants it, and its link where svscan looks. A service that runs is
# not disturbed.
place_service() {
  mkdir -p "$SERVICE_COPY/log" || return 1
  put "$APP/service/log/run" "$SERVICE_COPY/log/run" || return 1
  put "$APP/service/run" "$SERVICE_COPY/run" || return 1
  [ "$(readlink "$SERVICE")" = "$SERVICE_COPY" ] || ln -sfn "$SERVICE_COPY" "$SERVICE"
}

# Replaces a file's content, keeping its mode and owner.
rewrite() {
  cp -p "$1" "$1.dbus-bms" && cat >"$1.dbus-bms" && mv -f "$1.dbus-bms" "$1"
}

add_hook() {
  if [ ! -e "$RC_LOCAL" ]; then
    printf '#!/bin/sh\n' >"$RC_LOCAL"
    chmod 755 "$RC_LOCAL"
  fi
  if ! grep -qxF "$HOOK" "$RC_LOCAL"; then
    # Some files end with `exit 0`: behind it the line would never be reached.
    HOOK=$HOOK awk '
      { line[NR] = $0 }
      $0 !~ /^[ \t]*$/ { last = NR }
      END {
        before = (line[last] ~ /^exit([ \t]+0)?[ \t]*$/) ? last : NR + 1
        for (i = 1; i <= NR; i++) { if (i == before) print ENVIRON["HOOK"]; print line[i] }
        if (before > NR) print ENVIRON["HOOK"]
      }' "$RC_LOCAL" >"$RUN/rc.local" && rewrite "$RC_LOCAL" <"$RUN/rc.local" || return 1
    rm -f "$RUN/rc.local"
  fi
  if [ ! -x "$RC_LOCAL" ]; then
    say "$RC_LOCAL was not executable, so nothing in it ran at boot; it is now."
    chmod a+x "$RC_LOCAL"
  fi
}

remove_hook() {
  [ -e "$RC_LOCAL" ] || return 0
  mkdir -p "$RUN"
  grep -vxF "$HOOK" "$RC_LOCAL" >"$RUN/rc.local"
  if [ "$(cat "$RUN/rc.local")" = '#!/bin/sh' ] && grep -qxF "$HOOK" "$RC_LOCAL"; then
    rm -f "$RC_LOCAL" # nobody but this package was in it
  elif ! cmp -s "$RUN/rc.local" "$RC_LOCAL"; then
    rewrite "$RC_LOCAL" <"$RUN/rc.local"
  fi
  rm -f "$RUN/rc.local"
}

# Puts the previous version back after a trial that failed, or after power failed in the middle of an update.
go_back() {
  if [ -e "$APP" ]; then
    svc -d "$SERVICE" 2>/dev/null
    wait_for 20 service_not_up
    rm -rf "$FAILED"
    mv "$APP" "$FAILED"
  fi
  mv "$PREVIOUS" "$APP"
  sync
  rm -f "$APP/.published"
  rm -f "$RUN/started"
  place_service
  svc -u "$SERVICE" 2>/dev/null
  rm -rf "$FAILED"
}

# A new version has to show within two minutes that it does what the old one did: publish a battery. Where nothing was
# published before (no battery connected yet), it has to stay alive.
TRIAL_SECONDS=${DBUS_BMS_TRIAL_SECONDS:-120}
trial() {
  tr_end=$(($(now) + TRIAL_SECONDS))
  while [ "$(now)" -lt "$tr_end" ]; do
    if published; then tr_good="publishes"; else
      tr_good=
      if [ ! -e "$PREVIOUS/.published" ] && [ "$(service_age)" -ge 30 ]; then tr_good="runs, no battery answers yet"; fi
    fi
    if [ -n "$tr_good" ]; then
      say "Version $(version_of "$APP") $tr_good; version $(version_of "$PREVIOUS") is removed."
      rm -rf "$PREVIOUS"
      return 0
    fi
    sleep 1
  done
  tr_bad=$(version_of "$APP")
  go_back
  say "Version $tr_bad published no battery within $TRIAL_SECONDS s: back to version $(version_of "$APP")." \
    "What it said is in $LOG/current (read it with: tai64nlocal <$LOG/current)."
  return 1
}
