# Builds for a self-contained folder on a GX device: /data/apps/dbus-bms with its own loader and libraries.
#   -DDBUS_BMS_ARCH=armhf|arm64 -DDBUS_BMS_SYSROOT=FOLDER   cross, against the Debian 12 libraries in FOLDER
set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES DBUS_BMS_ARCH DBUS_BMS_SYSROOT)
set(CMAKE_SYSTEM_NAME Linux)

if(DBUS_BMS_ARCH STREQUAL "armhf")
  set(CMAKE_SYSTEM_PROCESSOR armv7l)
  set(DBUS_BMS_TRIPLET arm-linux-gnueabihf)
  set(DBUS_BMS_LOADER ld-linux-armhf.so.3)
elseif(DBUS_BMS_ARCH STREQUAL "arm64")
  set(CMAKE_SYSTEM_PROCESSOR aarch64)
  set(DBUS_BMS_TRIPLET aarch64-linux-gnu)
  set(DBUS_BMS_LOADER ld-linux-aarch64.so.1)
else()
  message(FATAL_ERROR "DBUS_BMS_ARCH is '${DBUS_BMS_ARCH}': armhf or arm64")
endif()

if(DBUS_BMS_SYSROOT)
  set(CMAKE_SYSROOT ${DBUS_BMS_SYSROOT})
  set(CMAKE_CXX_COMPILER ${DBUS_BMS_TRIPLET}-g++)
  set(CMAKE_LIBRARY_ARCHITECTURE ${DBUS_BMS_TRIPLET})
  set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
  set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
  set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
  set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
  set(ENV{PKG_CONFIG_DIR} "")
  set(ENV{PKG_CONFIG_SYSROOT_DIR} ${DBUS_BMS_SYSROOT})
  set(ENV{PKG_CONFIG_LIBDIR}
      ${DBUS_BMS_SYSROOT}/usr/lib/${DBUS_BMS_TRIPLET}/pkgconfig:${DBUS_BMS_SYSROOT}/usr/share/pkgconfig)
endif()

# The loader of the bundle, not of the device: its libc may be older or newer than ours. RPATH and not RUNPATH, because
# only RPATH is also used for the libraries' own libraries.
set(CMAKE_EXE_LINKER_FLAGS_INIT
    "-Wl,--dynamic-linker=/data/apps/dbus-bms/lib/${DBUS_BMS_LOADER} -Wl,--disable-new-dtags -Wl,--as-needed")
set(CMAKE_BUILD_WITH_INSTALL_RPATH ON)
set(CMAKE_INSTALL_RPATH "$ORIGIN/../lib")
