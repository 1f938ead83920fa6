#!/bin/bash
# build.sh: the Debian package of this machine's architecture, build/packages/dbus-bms_VERSION_ARCH.deb, checked by lintian.
# shellcheck source=packaging/common.sh
. "$(dirname "$0")/../common.sh"
need cmake ninja-build pkg-config dpkg-dev file lintian

build=build/release # the very program that is tested
say "building"
configure_and_build "$build" dbus-bms -DDBUS_BMS_PACKAGE=ON
version=$(cached "$build" CMAKE_PROJECT_VERSION)
grep -q "^dbus-bms ($version)" packaging/debian/changelog || die "packaging/debian/changelog does not begin with version $version"
rm -f "$build"/*.deb
(cd "$build" && cpack -G DEB >cpack.log 2>&1) || { cat "$build/cpack.log" >&2; die "packing failed"; }
package=$(ls "$build"/dbus-bms_*.deb)
if [ "$(dpkg-deb --fsys-tarfile "$package" | grep -cF -- "$REPO")" -ne 0 ]; then die "the build folder's path is in $package"; fi
say "lintian"
lintian --fail-on error,warning "$package"
mkdir -p build/packages
cp "$package" build/packages/
(cd build/packages && sha256sum "$(basename "$package")" >"$(basename "$package").sha256")
say "build/packages/$(basename "$package"): $(stat -c %s "$package") bytes"
