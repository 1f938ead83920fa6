#!/bin/sh
# enable.sh: puts the service in place. The boot hook in /data/rc.local calls it at every start, because everything
# outside /data is new after a firmware update and RAM is empty after each boot. Safe to run at any time.
main() {
  here=$(cd "$(dirname "$0")" && pwd)
  # shellcheck source=packaging/venus/files/common.sh
  . "$here/common.sh"
  mkdir -p "$RUN" "$LOG"
  if [ ! -e "$APP" ] && [ -e "$PREVIOUS" ]; then
    say "An update was interrupted: back to version $(version_of "$PREVIOUS")."
    go_back
  fi
  rm -rf "$FAILED" "$NEW"
  place_service || fail "cannot put the service into $SERVICE"
  command -v svrescan >/dev/null && svrescan >/dev/null 2>&1
  # Power failed during a trial: it begins again.
  if [ -e "$PREVIOUS" ] && ! installing; then trial; fi
}

# True while install.sh runs; it looks after its trial itself.
installing() { kill -0 "$(cat "$RUN/installing" 2>/dev/null || echo x)" 2>/dev/null; }

main
exit
