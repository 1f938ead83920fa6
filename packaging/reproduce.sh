#!/bin/bash
# reproduce.sh [armhf|arm64|amd64|deb]: builds a package a second time, from a copy of the sources in another folder and without a
# compiler cache, and compares the bytes with the first.
# shellcheck source=packaging/common.sh
. "$(dirname "$0")/common.sh"
what=${1:-armhf}
case $what in
  deb) script=packaging/debian/build.sh pattern='dbus-bms_*.deb' ;;
  armhf | arm64 | amd64) script=packaging/venus/build.sh pattern="dbus-bms-*-venus-$what.tar.gz" ;;
  *) echo "reproduce.sh: $what: armhf, arm64, amd64 or deb" >&2; exit 2 ;;
esac
arguments=()
if [ "$what" != deb ]; then arguments=("$what"); fi

copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
git ls-files -z --cached --others --exclude-standard | xargs -0 cp --parents -t "$copy" 2>/dev/null || die "copying the sources failed"
"$script" "${arguments[@]}"
export CCACHE_DISABLE=1 DBUS_BMS_SYSROOTS=$REPO/build/sysroot
"$copy/$script" "${arguments[@]}"
for first in build/packages/$pattern; do
  cmp "$first" "$copy/$first" || { say "DIFFERENT: $first"; exit 1; }
  say "identical: $(sha256sum "$first")"
done
