#!/bin/sh
# ports.sh claim PID     the serial ports named in config.ini belong to process PID; serial-starter leaves them alone
# ports.sh release       give them all back
# ports.sh plugged TTY   udev: a port of ours has appeared again, maybe under another number
# ports.sh candidates    ports where an unknown battery may be, one a line; what is left out is told on standard error
#
# serial-starter tries its services on every port in turn. A port is kept from it in three ways, because each alone has a
# gap: a udev rule that says "ignore" (survives unplugging and renumbering), stop-tty.sh (takes effect at once), and the
# lock link that serial-starter's own services use. The daemon takes that link too, whenever it opens a port.
# shellcheck source=packaging/venus/files/common.sh
. /data/apps/dbus-bms/common.sh
STARTER=/opt/victronenergy/serial-starter
LOCKS=/var/lock/serial-starter
RULES=/run/udev/rules.d/zz-dbus-bms.rules   # behind serial-starter.rules, which sets VE_SERVICE by model
HELD=$RUN/ports                             # ports we hold, one a line

# Values of `port =` in the battery sections of config.ini.
configured_ports() {
  awk '
    /^[ \t]*\[/ { battery = ($0 ~ /^[ \t]*\[battery:/) }
    battery && /^[ \t]*port[ \t]*[=:]/ {
      sub(/^[ \t]*port[ \t]*[=:][ \t]*/, ""); sub(/[ \t]+[;#].*$/, ""); sub(/[ \t\r]+$/, "")
      if ($0 != "") print
    }' "$CONFIG" | sort -u
}

property() { udevadm info --query=property --name="/dev/$1" 2>/dev/null | sed -n "s/^$2=//p" | head -n 1; }

serial_ports() { for p in /dev/ttyUSB* /dev/ttyACM*; do [ -e "$p" ] && basename "$p"; done; }

# tty_of PORT: the kernel's name of a port from config.ini; nothing when it is not there or no tty.
tty_of() {
  case $1 in
    usb:*)
      for t in $(serial_ports); do
        if [ "$(property "$t" ID_SERIAL_SHORT)" = "${1#usb:}" ]; then echo "$t"; fi
      done
      ;;
    path:*) tty_of "/dev/serial/by-path/${1#path:}" ;;
    *)
      t=$(readlink -f "$1" 2>/dev/null)
      if [ -e "$t" ]; then case $t in /dev/tty[A-Z]*) basename "$t" ;; esac; fi
      ;;
  esac
}

# A value that is safe inside a udev rule's quotes.
plain() { case $1 in '' | *[!A-Za-z0-9._:+-]*) return 1 ;; esac; }

# rule_for PORT TTY: by what stays with the adapter: its serial number, else its socket. Never by model: two adapters of
# one model look the same, and Victron's own cables are such a model.
rule_for() {
  match=
  number=$(property "$2" ID_SERIAL_SHORT)
  path=$(property "$2" ID_PATH)
  interface=$(property "$2" ID_USB_INTERFACE_NUM)
  case $1 in
    usb:*) if plain "${1#usb:}"; then match="ENV{ID_SERIAL_SHORT}==\"${1#usb:}\""; fi ;;
    path:* | /dev/serial/by-path/*)
      path=${1##*/}
      path=${path#path:}
      path=${path%-port[0-9]*}
      if plain "$path"; then match="ENV{ID_PATH}==\"$path\""; fi
      ;;
    *)
      if plain "$number"; then
        match="ENV{ID_SERIAL_SHORT}==\"$number\""
        if plain "$interface"; then match="$match, ENV{ID_USB_INTERFACE_NUM}==\"$interface\""; fi
      elif plain "$path"; then
        match="ENV{ID_PATH}==\"$path\""
      elif [ -n "$2" ]; then
        match="KERNEL==\"$2\""
      else
        # Not plugged in: whatever gets this number later may be a Victron cable, and then it is not ours.
        case $1 in
          /dev/tty[A-Z]*)
            if plain "${1#/dev/}"; then match="KERNEL==\"${1#/dev/}\", ENV{VE_SERVICE}!=\"mkx*|vedirect*|gps*\""; fi
            ;;
        esac
      fi
      ;;
  esac
  if [ -n "$match" ]; then echo "ACTION!=\"remove\", SUBSYSTEM==\"tty\", $match, ENV{VE_SERVICE}=\"ignore\", RUN+=\"$APP/ports.sh plugged %k\""; fi
}

apply_rules() {
  udevadm control --reload 2>/dev/null
  for t in "$@"; do udevadm trigger --action=add --subsystem-match=tty --sysname-match="$t" 2>/dev/null; done
  udevadm settle --timeout=5 2>/dev/null
}

lock_owner() { basename "$(readlink "$LOCKS/$1" 2>/dev/null)" 2>/dev/null; }

# True when nobody who lives holds the lock.
unlocked() {
  owner=$(lock_owner "$1")
  [ -z "$owner" ] || [ "$owner" = "$2" ] || ! kill -0 "$owner" 2>/dev/null
}

take() {
  if [ -x $STARTER/stop-tty.sh ]; then $STARTER/stop-tty.sh "$1" >/dev/null 2>&1; fi
  [ -d $LOCKS ] || return 0
  if ! wait_for 10 unlocked "$1" "$2"; then
    echo "dbus-bms: $1 is in use by process $(lock_owner "$1")" \
      "($(tr '\0' ' ' <"/proc/$(lock_owner "$1")/cmdline" 2>/dev/null)): two readers on one port disturb each other; waiting for it to end"
    return 0
  fi
  ln -sfn "$2" "$LOCKS/$1"
}

# give_back TTY PID
give_back() {
  if [ "$(lock_owner "$1")" = "$2" ]; then rm -f "$LOCKS/$1"; fi
  if [ -x $STARTER/start-tty.sh ] && [ -e "/dev/$1" ]; then $STARTER/start-tty.sh "$1" >/dev/null 2>&1; fi
}

# A service that is stopped while it claims leaves the claim behind, which goes on to its end.
claiming() { [ -e "$RUN/claiming" ] && kill -0 "$(cat "$RUN/claiming")" 2>/dev/null; }
not_claiming() { ! claiming; }

claim() {
  pid=$1
  mkdir -p "$RUN" "$(dirname $RULES)"
  echo $$ >"$RUN/claiming"
  : >"$RUN/rules"
  : >"$RUN/ports.new"
  configured_ports | while read -r port; do
    ttys=$(tty_of "$port")
    for t in $ttys; do echo "$t $pid" >>"$RUN/ports.new"; done
    rule_for "$port" "${ttys%% *}" >>"$RUN/rules"
  done
  touched=$(cut -d' ' -f1 "$RUN/ports.new")
  # Ports that config.ini named the last time and does not name now.
  if [ -e "$HELD" ]; then
    while read -r t held; do
      grep -q "^$t " "$RUN/ports.new" || { echo "$t $held" >>"$RUN/ports.gone"; touched="$touched $t"; }
    done <"$HELD"
  fi
  if ! cmp -s "$RUN/rules" $RULES; then
    if [ -s "$RUN/rules" ]; then cp "$RUN/rules" $RULES; else rm -f $RULES; fi
    # shellcheck disable=SC2086  # one argument a port
    apply_rules $touched
  fi
  while read -r t p; do take "$t" "$p"; done <"$RUN/ports.new"
  if [ -e "$RUN/ports.gone" ]; then
    while read -r t p; do give_back "$t" "$p"; done <"$RUN/ports.gone"
    rm -f "$RUN/ports.gone"
  fi
  mv "$RUN/ports.new" "$HELD"
  rm -f "$RUN/rules" "$RUN/claiming"
}

# What serial-starter began on the port before its rules spoke is ended.
plugged() {
  if ! service_up; then return 0; fi
  if [ -x $STARTER/stop-tty.sh ]; then $STARTER/stop-tty.sh "$1" >/dev/null 2>&1; fi
  grep -q "^$1 " "$HELD" 2>/dev/null || echo "$1 $(service_pid)" >>"$HELD"
}

release() {
  wait_for 60 not_claiming || true
  ttys=$(cut -d' ' -f1 "$HELD" 2>/dev/null)
  if [ -e $RULES ]; then
    rm -f $RULES
    # shellcheck disable=SC2086
    apply_rules $ttys
  fi
  if [ -e "$HELD" ]; then
    while read -r t p; do give_back "$t" "$p"; done <"$HELD"
    rm -f "$HELD"
  fi
}

# Seconds the longest-living service of a port is up: one that stays has found its device.
service_on() {
  longest=0
  for s in /service/*."$1"; do
    [ -e "$s" ] || continue
    age=$(svstat "$s" 2>/dev/null | sed -n 's/.*: up (pid [0-9]*) \([0-9]*\) seconds.*/\1/p')
    if [ "${age:-0}" -gt "$longest" ]; then longest=$age && name=$s; fi
  done
  if [ "$longest" -ge 60 ]; then basename "$name"; fi
}

candidates() {
  for t in $(serial_ports); do
    service=$(property "$t" VE_SERVICE)
    busy=$(service_on "$t")
    case $service in
      '' | default* | rs485* | sbattery*)
        if [ -n "$busy" ]; then
          echo "/dev/$t is left alone: $busy has found its device there (look anyway with --port /dev/$t)" >&2
        else
          echo "/dev/$t"
        fi
        ;;
      *) echo "/dev/$t is left alone: it belongs to $service (look anyway with --port /dev/$t)" >&2 ;;
    esac
  done
}

case ${1:-} in
  claim) claim "$2" ;;
  release) release ;;
  plugged) plugged "$2" ;;
  candidates) candidates ;;
  hold) take "$2" "$3" ;;
  let-go) give_back "$2" "$3" ;;
  *) sed -n '2,5p' "$0" >&2; exit 2 ;;
esac
