#!/bin/sh
# uninstall.sh [--purge] [--yes]: removes dbus-bms and gives the serial ports back. config.ini and the batteries' history
# in /data/dbus-bms stay; --purge removes them too.
main() {
  here=$(cd "$(dirname "$0")" && pwd)
  # shellcheck source=packaging/venus/files/common.sh
  . "$here/common.sh"
  PURGE="" YES=""
  for argument in "$@"; do
    case $argument in
      --purge) PURGE=yes ;;
      --yes) YES=yes ;;
      *) sed -n '2,3s/^# //p' "$here/uninstall.sh" >&2; exit 2 ;;
    esac
  done
  [ "$(id -u)" -eq 0 ] || fail "run this as root"
  if [ -z "$YES" ] && [ -t 0 ]; then
    printf 'Remove dbus-bms%s? [y/n] ' "${PURGE:+ and everything in $CONFIG_DIR}"
    read -r answer
    case $answer in y* | Y*) ;; *) echo "nothing was changed"; exit 1 ;; esac
  fi

  remove_hook
  # The link first, so that svscan does not start it again; then the program and its logger.
  rm -f "$SERVICE"
  if [ -d "$SERVICE_COPY" ]; then
    svc -dx "$SERVICE_COPY" "$SERVICE_COPY/log" 2>/dev/null
    wait_for 20 not_supervised "$SERVICE_COPY" || svc -k "$SERVICE_COPY" 2>/dev/null
    wait_for 5 not_supervised "$SERVICE_COPY/log" || true
  fi
  if [ -x "$APP/ports.sh" ]; then "$APP/ports.sh" release; fi
  made_apps=
  if [ -e "$APP/.made-apps" ]; then made_apps=yes; fi
  rm -rf "$LOG" "$RUN" "$NEW" "$FAILED" "$PREVIOUS" "$APP"
  if [ -n "$made_apps" ]; then rmdir "$(dirname "$APP")" 2>/dev/null; fi
  if [ -n "$PURGE" ]; then
    rm -rf "$CONFIG_DIR"
  else
    rmdir "$CONFIG_DIR" 2>/dev/null || echo "$CONFIG_DIR is kept (remove it with --purge)."
  fi
  echo "dbus-bms is removed."
}

main "$@"
exit
