#!/usr/bin/env bash
# Measures what the README claims, with real programs on this machine. Figures are ratios or against the wire.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."
exec build/release/tests/bench/dbus-bms-bench "${@:-build/plots}"
