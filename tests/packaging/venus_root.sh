# shellcheck shell=bash
# A GX device as a folder: busybox as its only shell and tools, daemontools, the folders and hooks of Venus OS, and
# recorders in place of serial-starter and udevadm. Entered by chroot inside own mount and process namespaces, so that
# nothing of the machine is touched and no process outlives the test.

# Runs the calling script again inside the namespaces; ends it with 77 (skipped) where that is impossible.
enter_namespaces() {
  [ "${IN_NAMESPACES:-}" = yes ] && return 0
  local tool
  for tool in busybox svscan supervise svc svok svstat multilog unshare; do
    command -v "$tool" >/dev/null || { echo "skipped: $tool is not installed (apt install busybox daemontools)"; exit 77; }
  done
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
  # The properties of a port are lines in /tmp/udev/PORT; rules of the package that match change VE_SERVICE.
  cat >"$root/usr/bin/udevadm" <<'SH'
#!/bin/sh
echo "udevadm $*" >>/tmp/starter.log
case $1 in
  info) for a in "$@"; do case $a in --name=*) cat "/tmp/udev/${a#--name=/dev/}" ;; esac; done ;;
esac
SH
  chmod 755 "$root"/opt/victronenergy/serial-starter/*.sh "$root/usr/bin/udevadm"
  mkdir -p "$root/tmp/udev"
}

# plug ROOT TTY PROPERTY...: a serial adapter appears.
plug() {
  local root=$1 tty=$2
  shift 2
  : >"$root/dev/$tty"
  ln -s "/dev/$tty" "$root/dev/serial-starter/$tty"
  printf '%s\n' "$@" >"$root/tmp/udev/$tty"
}

# The device starts: RAM is empty, svscan runs, then the hook in /data/rc.local.
boot() {
  local root=$1
  find "$root/service" "$root/run" -mindepth 1 -delete
  mkdir -p "$root/run/lock/serial-starter"
  chroot "$root" /usr/bin/svscan /service >/dev/null 2>&1 &
  SVSCAN=$!
  if [ -x "$root/data/rc.local" ]; then chroot "$root" /data/rc.local >/dev/null 2>&1; fi
}

# The device goes off: everything in the root ends at once.
power_off() {
  local pid
  [ -n "${SVSCAN:-}" ] || return 0
  kill -KILL "$SVSCAN" 2>/dev/null || true
  wait "$SVSCAN" 2>/dev/null || true
  while read -r pid; do kill -KILL "$pid" 2>/dev/null || true; done < <(processes_in "$1")
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
