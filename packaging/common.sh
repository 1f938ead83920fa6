# shellcheck shell=bash
# What all packaging scripts share. Source it; it changes into the repository.
set -euo pipefail
REPO=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$REPO"

say() { printf '== %s\n' "$*"; }
die() { printf '%s\n' "$*" >&2; exit 3; }

# Installs Debian packages that are missing, as root or by sudo.
need() {
  local missing=() name sudo=()
  for name in "$@"; do
    dpkg-query -W -f='${db:Status-Status}' "$name" 2>/dev/null | grep -qx installed || missing+=("$name")
  done
  [ ${#missing[@]} -eq 0 ] && return 0
  say "installing ${missing[*]}"
  [ "$(id -u)" -eq 0 ] || sudo=(sudo)
  "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -qq
  "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null ||
    die "could not install ${missing[*]}: is a Debian mirror reachable?"
}

# One time stamp for everything that is packed: the last commit's, so that the same commit gives the same bytes.
if [ -z "${SOURCE_DATE_EPOCH:-}" ]; then
  SOURCE_DATE_EPOCH=$(git -C "$REPO" log -1 --format=%ct 2>/dev/null || echo 1700000000)
fi
export SOURCE_DATE_EPOCH LC_ALL=C TZ=UTC
umask 022

# configure_and_build FOLDER TARGET CMAKE-ARGUMENT...: builds the program; the flags are those of ./dev build.
configure_and_build() {
  local folder=$1 target=$2 launcher=()
  shift 2
  if command -v ccache >/dev/null; then launcher=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache); fi
  export CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
  # No CCACHE_BASEDIR: it makes paths relative, past the prefix maps that keep them out of the program.
  export CCACHE_NOHASHDIR=1
  unset CCACHE_BASEDIR
  # CMake keeps paths of its first run for ever: whatever was configured otherwise begins anew.
  local fresh=() settings="$REPO $*"
  if [ "$(cat "$folder/.settings" 2>/dev/null)" != "$settings" ]; then fresh=(--fresh); fi
  mkdir -p "$folder"
  nice cmake --preset release "${fresh[@]}" -B "$folder" "${launcher[@]}" "$@" >"$folder/configure.log" 2>&1 ||
    { cat "$folder/configure.log" >&2; die "configuring failed"; }
  printf '%s' "$settings" >"$folder/.settings"
  nice cmake --build "$folder" -j "$(nproc)" --target "$target" >"$folder/build.log" 2>&1 ||
    { tail -n 60 "$folder/build.log" >&2; die "building failed"; }
}

cached() { sed -n "s/^$2:[A-Z]*=//p" "$1/CMakeCache.txt"; }
