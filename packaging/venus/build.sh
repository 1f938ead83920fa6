#!/bin/bash
# build.sh [armhf|arm64|amd64 ...]: the self-contained archive for Venus OS, build/packages/dbus-bms-VERSION-venus-ARCH.tar.gz
# and its checksum. Without arguments armhf and arm64. amd64 is the same layout for the desk and for tests, with the program
# of ./dev build.
# shellcheck source=packaging/common.sh
. "$(dirname "$0")/../common.sh"

MAX_KB=$((12 * 1024)) # installed size a GX device is asked for; amd64 is built for speed, and no GX device
declare -A TRIPLET=([armhf]=arm-linux-gnueabihf [arm64]=aarch64-linux-gnu [amd64]=x86_64-linux-gnu)
declare -A LOADER=([armhf]=ld-linux-armhf.so.3 [arm64]=ld-linux-aarch64.so.1 [amd64]=ld-linux-x86-64.so.2)
# Libraries that are compiled in as headers; their licences travel as well.
HEADER_PACKAGES=(libboost1.81-dev libcli11-dev nlohmann-json3-dev libexpected-dev libspdlog-dev libfmt-dev)

# The libraries a binary needs, theirs too, as names; found in the target's library folders.
needed_closure() {
  local root=$1 triplet=$2 queue=("$3") file name path
  declare -A seen=()
  while [ ${#queue[@]} -gt 0 ]; do
    file=${queue[0]}
    queue=("${queue[@]:1}")
    while read -r name; do
      [ -n "${seen[$name]:-}" ] && continue
      path=
      for folder in "lib/$triplet" "usr/lib/$triplet"; do
        if [ -e "$root/$folder/$name" ]; then path=$root/$folder/$name && break; fi
      done
      [ -n "$path" ] || die "$name, which $file needs, is nowhere in $root"
      seen[$name]=$path
      queue+=("$path")
    done < <(readelf -d "$file" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p')
  done
  for name in "${!seen[@]}"; do printf '%s %s\n' "$name" "${seen[$name]}"; done | sort
}

# The Debian package that brought a library.
package_of() {
  local root=$1 triplet=$2 name=$3
  if [ -d "$root/.packages" ]; then
    grep -lxF -e "./lib/$triplet/$name" -e "./usr/lib/$triplet/$name" "$root"/.packages/* | xargs basename
  else
    dpkg -S "*/$triplet/$name" | sed -n '1s/:.*//p'
  fi
}

# copy_licences ROOT FILE PACKAGE...: all texts in one archive. Boost's list of all its authors alone is longer than the program.
copy_licences() {
  local root=$1 file=$2 folder package
  shift 2
  folder=$(mktemp -d)
  for package in "$@"; do
    [ -e "$root/usr/share/doc/$package/copyright" ] || die "no licence of $package"
    cp -L "$root/usr/share/doc/$package/copyright" "$folder/$package.txt"
  done
  # The texts those files refer to instead of quoting them.
  grep -ohE '/usr/share/common-licenses/[A-Za-z0-9.-]*[A-Za-z0-9]' "$folder"/*.txt | sort -u | while read -r text; do
    if [ -e "$root$text" ]; then cp -L "$root$text" "$folder/$(basename "$text")"; fi
  done
  if [ -e LICENSE ]; then cp LICENSE "$folder/dbus-bms.txt"; fi
  tar --create --format=ustar --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner --mode=a=rX \
    --directory "$folder" . | xz -9e -T1 >"$file"
  rm -rf "$folder"
}

# What the licences of the libraries ask for: which package, which version, where its source is.
third_party_note() {
  local root=$1 package version
  shift
  echo "Libraries in this folder come unmodified from Debian 12 (bookworm). Their licences are in licences.tar.xz;"
  echo "their sources are at https://sources.debian.org/src/PACKAGE/VERSION/ and on every Debian mirror."
  echo
  for package in "$@"; do
    version=$(cat "$root/.versions/$package" 2>/dev/null || dpkg-query -W -f='${Version}' "$package" 2>/dev/null || true)
    printf '%-24s %s\n' "$package" "$version"
  done
}

bundle() {
  local arch=$1 build=$2 root=$3 folder=$4 tools=$5 program=$6
  local triplet=${TRIPLET[$arch]} loader=${LOADER[$arch]} name path package closure packages=()
  rm -rf "$folder"
  mkdir -p "$folder"/bin "$folder"/lib
  "${tools}strip" --strip-unneeded -o "$folder/bin/dbus-bms" "$program"
  closure=$(needed_closure "$root" "$triplet" "$program")
  while read -r name path; do
    cp -L "$path" "$folder/lib/$name"
    package=$(package_of "$root" "$triplet" "$name")
    packages+=("$package")
  done <<<"$closure"
  [ -e "$folder/lib/$loader" ] || cp -L "$root/lib/$triplet/$loader" "$folder/lib/$loader"
  mapfile -t packages < <(printf '%s\n' "${packages[@]}" libc6 "${HEADER_PACKAGES[@]}" | sort -u)
  copy_licences "$root" "$folder/licences.tar.xz" "${packages[@]}"
  third_party_note "$root" "${packages[@]}" >"$folder/LICENCES.txt"

  cp -R packaging/venus/files/. "$folder/"
  cp config/config.ini "$folder/config.ini.example" 2>/dev/null || rm -f "$folder/config.ini.example"
  cp docs/install.md "$folder/INSTALL.md"
  printf '%s\n' "$arch" >"$folder/ARCH"
  cached "$build" CMAKE_PROJECT_VERSION >"$folder/VERSION"
  find "$folder" -type f -exec chmod 0644 {} +
  find "$folder" -type d -exec chmod 0755 {} +
  chmod 0755 "$folder"/bin/dbus-bms "$folder/lib/$loader" "$folder"/*.sh "$folder"/service/run "$folder"/service/log/run
  (cd "$folder" && find . -type f ! -name SHA256SUMS | sort | xargs sha256sum >SHA256SUMS)
}

# A path of the build machine in a binary makes it differ between machines, and tells where it was built.
refuse_build_paths() {
  local found
  found=$(grep -rlF -- "$REPO" "$1" || true)
  [ -z "$found" ] || die "the build folder's path is in: $found"
}

pack() {
  local folder=$1 archive=$2
  tar --create --format=ustar --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner \
    --directory "$(dirname "$folder")" "$(basename "$folder")" | gzip -9 -n >"$archive"
  (cd "$(dirname "$archive")" && sha256sum "$(basename "$archive")" >"$(basename "$archive").sha256")
}

# Small code: flash is what a GX device has least of, and its processor caches little.
build_cross() {
  local arch=$1 build=$2 root=$3
  need "g++-${TRIPLET[$arch]}" cmake ninja-build pkg-config git ccache xz-utils
  packaging/venus/sysroot.sh "$arch" "$root"
  say "building for $arch"
  configure_and_build "$build" dbus-bms "-DCMAKE_CXX_FLAGS_RELEASE=-Os -DNDEBUG" -DDBUS_BMS_UNITY=ON -DDBUS_BMS_TESTS=OFF \
    -DDBUS_BMS_BENCH=OFF "-DCMAKE_TOOLCHAIN_FILE=$REPO/packaging/venus/toolchain.cmake" "-DDBUS_BMS_ARCH=$arch" \
    "-DDBUS_BMS_SYSROOT=$root"
}

build_one() {
  local arch=$1 root="" tools="" build=build/venus/$1 program version folder size
  [ -n "${TRIPLET[$arch]:-}" ] || { echo "build.sh: $arch: armhf, arm64 or amd64" >&2; exit 2; }
  if [ "$arch" = amd64 ]; then
    build=build/release program=build/release/packaging/dbus-bms-bundled
    say "building for $arch"
    configure_and_build "$build" dbus-bms-bundled -DDBUS_BMS_PACKAGE=ON
  else
    root=${DBUS_BMS_SYSROOTS:-$REPO/build/sysroot}/$arch tools=${TRIPLET[$arch]}- program=$build/dbus-bms
    build_cross "$arch" "$build" "$root"
  fi
  version=$(cached "$build" CMAKE_PROJECT_VERSION)
  folder=build/venus/$arch/bundle/dbus-bms-$version-venus-$arch
  rm -rf "$(dirname "$folder")"
  bundle "$arch" "$build" "$root" "$folder" "$tools" "$program"
  refuse_build_paths "$folder"
  size=$(du -sk --apparent-size "$folder" | cut -f1)
  [ "$arch" = amd64 ] || [ "$size" -le "$MAX_KB" ] || die "$folder is $size kB, more than the $MAX_KB kB a GX device is asked for"
  mkdir -p build/packages
  pack "$folder" "build/packages/$(basename "$folder").tar.gz"
  say "build/packages/$(basename "$folder").tar.gz: $(stat -c %s "build/packages/$(basename "$folder").tar.gz") bytes," \
    "installed $size kB"
}

[ $# -gt 0 ] || set -- armhf arm64
for arch in "$@"; do build_one "$arch"; done
