# shellcheck shell=bash
# A GX device as a folder: busybox as its only shell and tools, daemontools, the folders and hooks of Venus OS, and
# recorders in place of serial-starter and udevadm. Entered by chroot inside own mount and process namespaces, so that
# nothing of the machine is touched and no process outlives the test.

# tools PROGRAM...: ends the script with 77 (skipped) where one is missing.
tools() {
  local tool
  for tool in "$@"; do
    command -v "$tool" >/dev/null || { echo "skipped: $tool is not installed (./dev test and ./dev package-test install it)"; exit 77; }
  done
}

# Runs the calling script again inside the namespaces; ends it with 77 (skipped) where that is impossible.
enter_namespaces() {
  [ "${IN_NAMESPACES:-}" = yes ] && return 0
  [ "$(id -u)" -eq 0 ] || { echo "skipped: needs root for chroot and namespaces"; exit 77; }
  unshare --mount --pid --fork true 2>/dev/null || { echo "skipped: no namespaces in this container"; exit 77; }
  IN_NAMESPACES=yes exec unshare --mount --pid --fork --kill-child --mount-proc bash "$0" "$@"
}

# copy_program PROGRAM ROOT: a program of this machine with its libraries.
copy_program() {
  local path library
  path=$(command -v "$1")
  cp --remove-destination "$path" "$2/usr/bin/"  # busybox has applets of some of these names
  for library in $(ldd "$path" 2>/dev/null | grep -o '/[^ )]*'); do
    mkdir -p "$2$(dirname "$library")"
    cp -L --remove-destination "$library" "$2$library"
  done
}

make_root() {
  local root=$1 tool
  mkdir -p "$root"/{bin,sbin,usr/bin,usr/sbin,etc,dev,proc,run,tmp,data,opt/victronenergy/serial-starter}
  mkdir -p "$root"/{var,service,run/lock/serial-starter}
  mount -t tmpfs -o "mode=755,size=${DATA_SIZE:-100m}" data "$root/data" # its own partition, as on a device
  mkdir -p "$root"/data/{conf,log,apps}
  ln -s /run "$root/var/run"
  ln -s /run/lock "$root/var/lock"
  ln -s /data/log "$root/var/log"
  # The package busybox, not busybox-static: the latter's shell runs its own svc instead of daemontools'.
  copy_program busybox "$root"
  ln -s ../usr/bin/busybox "$root/bin/busybox"
  chroot "$root" /usr/bin/busybox --install -s
  for tool in svscan supervise svc svok svstat multilog softlimit tai64nlocal; do copy_program "$tool" "$root"; done
  mount -t proc proc "$root/proc"
  mount -t tmpfs -o mode=755 dev "$root/dev"
  mkdir "$root"/dev/{pts,serial-starter}
  mknod -m 666 "$root/dev/null" c 1 3
  mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
  ln -s pts/ptmx "$root/dev/ptmx"
  make_platform "$root"
}

# What Victron's scripts do that the package relies on, written down as they are called.
make_platform() {
  local root=$1
  cat >"$root/opt/victronenergy/serial-starter/stop-tty.sh" <<'SH'
#!/bin/sh
echo "stop $1" >>/tmp/starter.log
rm -f "/dev/serial-starter/$1"
for s in /service/*."$1"; do
  if [ -e "$s" ]; then svc -d "$s"; fi
done
SH
  cat >"$root/opt/victronenergy/serial-starter/start-tty.sh" <<'SH'
#!/bin/sh
echo "start $1" >>/tmp/starter.log
ln -sfn "/dev/$1" "/dev/serial-starter/$1"
SH
  # The properties of a port are lines in /tmp/udev/PORT: those of the adapter and the stock rules, from PORT.plugged, changed by
  # the package's rules when the adapter appears or udev is asked to look again.
  cat >"$root/usr/bin/udevadm" <<'SH'
#!/bin/sh
echo "udevadm $*" >>/tmp/starter.log
apply() {
  cp "/tmp/udev/$1.plugged" "/tmp/udev/$1" || return
  while read -r rule; do
    echo "$rule" | grep -oE 'ENV\{[A-Z_]+\}=="[^"]*"' | sed -E 's/ENV\{([A-Z_]+)\}=="(.*)"/\1=\2/' >/tmp/udev/conditions
    matches=yes
    while read -r condition; do grep -qxF -- "$condition" "/tmp/udev/$1" || matches=; done </tmp/udev/conditions
    [ -n "$matches" ] || continue
    sed -i 's/^VE_SERVICE=.*/VE_SERVICE=ignore/' "/tmp/udev/$1"
    $(echo "$rule" | sed -n 's/.*RUN+="\([^"]*\)".*/\1/p' | sed "s/%k/$1/") </dev/null
  done </run/udev/rules.d/zz-dbus-bms.rules
} 2>/dev/null
for a in "$@"; do
  case $1$a in
    info--name=*) cat "/tmp/udev/${a#--name=/dev/}" ;;
    trigger--sysname-match=*) apply "${a#--sysname-match=}" ;;
  esac
done
exit 0
SH
  # Venus's svscan looks again at once when asked. The one of daemontools cannot be asked, but another one can take its place:
  # what is supervised stays supervised.
  cat >"$root/usr/bin/svrescan" <<'SH'
#!/bin/sh
kill "$(cat /tmp/svscan.pid)"
setsid svscan /service >/dev/null 2>&1 </dev/null &
echo $! >/tmp/svscan.pid
SH
  chmod 755 "$root"/opt/victronenergy/serial-starter/*.sh "$root/usr/bin/udevadm" "$root/usr/bin/svrescan"
  mkdir -p "$root/tmp/udev"
}

# plug ROOT TTY PROPERTY...: a serial adapter appears; udev makes serial-starter's link and does what the rules say.
plug() {
  local root=$1 tty=$2
  shift 2
  [ -e "$root/dev/$tty" ] || : >"$root/dev/$tty"
  ln -sfn "/dev/$tty" "$root/dev/serial-starter/$tty"
  printf '%s\n' "$@" | tee "$root/tmp/udev/$tty" >"$root/tmp/udev/$tty.plugged"
  chroot "$root" udevadm trigger "--sysname-match=$tty"
}

# unplug ROOT TTY: it is gone.
unplug() {
  umount -l "$1/dev/$2" 2>/dev/null || true
  rm -f "$1/dev/$2" "$1/dev/serial-starter/$2" "$1/tmp/udev/$2" "$1/tmp/udev/$2.plugged"
}

# The device starts: RAM is empty, svscan runs, then the hook in /data/rc.local.
boot() {
  local root=$1
  find "$root/service" "$root/run" -mindepth 1 -delete
  mkdir -p "$root/run/lock/serial-starter"
  if declare -F before_services >/dev/null; then before_services; fi # the bus comes before the services
  chroot "$root" /usr/bin/svscan /service >/dev/null 2>&1 &
  echo $! >"$root/tmp/svscan.pid"
  if [ -x "$root/data/rc.local" ]; then chroot "$root" /data/rc.local >/dev/null 2>&1; fi
}

# The device goes off: everything in the root ends at once.
power_off() {
  local pid
  kill -KILL "$(cat "$1/tmp/svscan.pid" 2>/dev/null)" 2>/dev/null || true
  while read -r pid; do kill -KILL "$pid" 2>/dev/null && disown "$pid" 2>/dev/null || true; done < <(processes_in "$1")
  until [ -z "$(processes_in "$1")" ]; do read -r -t 0.05 <>"$NEVER" || true; done
}

processes_in() {
  local process
  for process in /proc/[0-9]*; do
    if [ "$(readlink "$process/root")" = "$1" ]; then basename "$process"; fi
  done
}

# eventually SECONDS COMMAND...: waits for a condition, fails when it does not come true in time.
eventually() {
  local end=$((SECONDS + $1))
  shift
  until "$@"; do
    if [ "$SECONDS" -ge "$end" ]; then echo "never became true: $*" >&2; return 1; fi
    read -r -t 0.1 <>"$NEVER" || true # nothing ever comes here: a pause between two looks
  done
}

# Every file with type, mode, owner, target and content, so that two moments can be compared.
snapshot() {
  local root=$1
  (cd "$root" && find data service etc opt usr bin sbin -printf '%p %y %m %U:%G %l ' \
    \( -type f -exec sh -c 'sha256sum <"$1"' _ {} \; -o -printf '\n' \) | sort)
}

# What the tests of the installer share: WORK with the device in ROOT, gone again at the end; named cases that stop at the
# first thing that is not so.
prepare_device() {
  WORK=$(mktemp -d)
  NEVER=$WORK/never
  mkfifo "$NEVER"
  ROOT=$WORK/root
  CASE=preparation
  trap leave EXIT
  trap 'echo "FAILED in \"$CASE\" at line $LINENO" >&2' ERR
  make_root "$ROOT"
}
# What cannot be tidied up (a mount that a dying process still holds) is no verdict: the namespace ends with the script.
leave() {
  local verdict=$?
  trap - ERR
  set +e
  power_off "$ROOT" 2>/dev/null
  umount -R -l "$ROOT/proc" "$ROOT/dev" "$ROOT/data" 2>/dev/null
  rm -rf --one-file-system "$WORK"
  exit "$verdict"
}
begin() { CASE=$1; echo "- $CASE"; }
check() { "$@" || { echo "FAILED in '$CASE': $*" >&2; show_state >&2; exit 1; }; }
refuse() { if "$@"; then echo "FAILED in '$CASE': succeeded: $*" >&2; show_state >&2; exit 1; fi; }
show_state() {
  cat "$WORK/output" 2>/dev/null
  cat "$ROOT/data/log/dbus-bms/current" "$ROOT/tmp/starter.log" 2>/dev/null || true
}
on_device() { chroot "$ROOT" "$@"; }

# archive_files VERSION: the scripts of an archive in the device's /tmp, without the waits that are there for people.
archive_files() {
  FOLDER=$ROOT/tmp/dbus-bms-$1
  rm -rf "$FOLDER"
  mkdir -p "$FOLDER"/bin "$FOLDER"/lib
  cp -R "${FILES:-$SOURCE/packaging/venus/files}"/. "$FOLDER/"
  sed -i 's/ -lt 10 / -lt 2 /; s/sleep 10/sleep 1/; s/sleep 5/sleep 1/' "$FOLDER/service/run"
  sed -i 's/ -ge 30 / -ge 3 /' "$FOLDER/common.sh"
  cp "$SOURCE/config/config.ini" "$FOLDER/config.ini.example"
  echo "$1" >"$FOLDER/VERSION"
  echo armhf >"$FOLDER/ARCH"
}
seal_archive() {
  chmod 755 "$FOLDER"/*.sh "$FOLDER"/bin/* "$FOLDER"/lib/* "$FOLDER"/service/run "$FOLDER"/service/log/run
  (cd "$FOLDER" && find . -type f ! -name SHA256SUMS | sort | xargs sha256sum >"$WORK/sums" && cp "$WORK/sums" SHA256SUMS)
}

install() { # VERSION ARGUMENT...
  local version=$1
  shift
  on_device /bin/sh "/tmp/dbus-bms-$version/install.sh" "$@" >"$WORK/output" 2>&1 </dev/null
}
# An update that is expected to fail need not be waited for as long as people would.
install_soon() { DBUS_BMS_TRIAL_SECONDS=4 install "$@"; }
uninstall() { on_device /bin/sh /data/apps/dbus-bms/uninstall.sh --yes "$@" >"$WORK/output" 2>&1; }
said() { grep -q -- "$1" "$WORK/output"; }
only_version() { # installed VERSION and no trace of another
  [ "$(cat "$ROOT/data/apps/dbus-bms/VERSION")" = "$1" ] &&
    [ "$(find "$ROOT/data/apps" -mindepth 1 -maxdepth 1 | wc -l)" -eq 1 ]
}
supervised() { on_device /usr/bin/svok /service/dbus-bms; }
config() { mkdir -p "$ROOT/data/dbus-bms" && printf '%s\n' "$@" >"$ROOT/data/dbus-bms/config.ini"; }
