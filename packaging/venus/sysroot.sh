#!/bin/bash
# sysroot.sh armhf|arm64 FOLDER: Debian 12's development files of another architecture, unpacked and not installed.
# No foreign architecture in dpkg, no emulation; absolute links made relative so that they stay inside.
# shellcheck source=packaging/common.sh
. "$(dirname "$0")/../common.sh"
arch=$1 folder=$2
packages=libc6-dev,libstdc++-12-dev,libboost1.81-dev,libsdbus-c++-dev,libsystemd-dev,libserialport-dev,libspdlog-dev
packages+=,libfmt-dev,libinih-dev,zlib1g-dev,libcli11-dev,nlohmann-json3-dev,libexpected-dev,libgpiod-dev,base-files
stamp="$packages 4"
if [ "$(cat "$folder/.complete" 2>/dev/null)" = "$stamp" ]; then exit 0; fi

need mmdebstrap
say "unpacking Debian 12 $arch into $folder"
rm -rf "$folder"
mkdir -p "$(dirname "$folder")"
nice mmdebstrap --quiet --aptopt='Acquire::Retries "3"' --variant=extract --mode="$([ "$(id -u)" -eq 0 ] && echo root || echo unshare)" --arch="$arch" \
  --include="$packages" \
  --extract-hook='mkdir -p "$1/.packages" "$1/.versions"; for deb in "$1"/var/cache/apt/archives/*.deb; do
    name=$(dpkg-deb -f "$deb" Package); dpkg-deb -f "$deb" Version >"$1/.versions/$name"
    dpkg-deb --fsys-tarfile "$deb" | tar -t >"$1/.packages/$name"; done' \
  bookworm "$folder" http://deb.debian.org/debian ||
  { rm -rf "$folder"; die "unpacking Debian 12 $arch failed: is http://deb.debian.org reachable?"; }
rm -rf "${folder:?}/dev" "$folder"/var/cache/apt "$folder"/var/lib/apt
find "$folder" -type l -lname '/*' -print | while read -r link; do
  ln -sfn "$(realpath -m --relative-to="$(dirname "$link")" "$folder$(readlink "$link")")" "$link"
done
printf '%s' "$stamp" >"$folder/.complete"
