#!/usr/bin/env bash
# Measures what the README claims, with real programs on this machine. Figures are ratios or against the wire.
# bench.sh [FOLDER]: where the plots go. With DBUS_BMS_PEER_SOURCE set also beside the Python driver, see peer.sh.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."
build/release/tests/bench/dbus-bms-bench "${@:-build/plots}"
if [ -n "${DBUS_BMS_PEER_SOURCE:-}" ]; then exec tests/bench/peer.sh; fi
