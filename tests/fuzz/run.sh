#!/usr/bin/env bash
# run.sh BUILD SECONDS        all fuzzers, SECONDS in all, as many at once as there are processors
# run.sh BUILD --runs N       all fuzzers in turn, as many at once, until each has N executions, counted over interruptions
#
# BUILD is the folder of one of the `fuzz` presets. Inputs found so far, seeds made of the captures, logs and counts stay there.
set -euo pipefail
build=$(readlink -f "$1")
seconds=$2
runs=${3:-0}
sources=$(dirname "$(dirname "$(dirname "$(readlink -f "$0")")")")
chunk=500000
export ASAN_OPTIONS=${ASAN_OPTIONS:-malloc_context_size=3:quarantine_size_mb=4}

mapfile -t targets < <(find "$build" -maxdepth 4 -type f -name '*_fuzz' -executable | sort)
[ ${#targets[@]} -gt 0 ] || { echo "no fuzzers in $build" >&2; exit 3; }
cd "$build"
ASAN_OPTIONS=detect_leaks=0 tests/fuzz/fuzz_seeds "$sources" corpus
mkdir -p executions findings

# Longest input, bytes: what one or two exchanges need, a short file otherwise.
longest() {
  case $1 in
    config_fuzz | import_dsb_fuzz) echo 120 ;;
    readings_fuzz) echo 200 ;;
    state_fuzz) echo 4096 ;;
    history_fuzz) echo 2048 ;;
    jk_fuzz | jk_pb_fuzz | ve_text_fuzz) echo 400 ;;
    *) echo 200 ;;
  esac
}

# one TARGET OPTION...: a run, added to the executions so far.
one() {
  local target=$1 name
  name=$(basename "$1")
  shift
  mkdir -p "corpus/$name"
  "./$target" "$@" -max_len="$(longest "$name")" -entropic=0 -timeout=60 -rss_limit_mb=2048 -print_final_stats=1 \
    -artifact_prefix="findings/$name-" "corpus/$name" >"$name.log" 2>&1 ||
    { echo "$name found something:" >&2; tail -n 40 "$name.log" >&2; return 1; }
  awk -v name="$name" -v before="$(cat "executions/$name" 2>/dev/null || echo '0 0 0')" '
    /stat::number_of_executed_units/ { runs = $2 }
    / exec\/s: / { for (i = 1; i < NF; ++i) if ($i == "cov:") covered = $(i + 1) }
    /^Done/ { for (i = 1; i < NF; ++i) if ($i == "in") time = $(i + 1) }
    END { split(before, old, " "); print old[1] + runs, old[2] + time, covered }' "$name.log" >"executions/$name.new"
  mv "executions/$name.new" "executions/$name"
  printf '%-18s %s executions, %s s, %s edges\n' "$name" $(cat "executions/$name")
}

# A finding stops its own fuzzer, not the others.
running=0
failed=0
# beside TARGET OPTION...: `one` as soon as a processor is free for it.
beside() {
  [ "$running" -lt "$(nproc)" ] || { wait -n || failed=1; running=$((running - 1)); }
  one "$@" &
  running=$((running + 1))
}
all_ended() { for (( ; running > 0; --running)); do wait -n || failed=1; done; }

if [ "$seconds" != --runs ]; then
  each=$(((seconds + ${#targets[@]} - 1) / ${#targets[@]}))
  for target in "${targets[@]}"; do beside "${target#"$build"/}" -max_total_time="$each"; done
  all_ended
  exit "$failed"
fi
for finding in findings/*; do
  [ -e "$finding" ] || continue
  echo "$build/$finding is still there: its fuzzer waits until it is mended and the file removed" >&2
  failed=1
done
open=1
while [ "$open" = 1 ]; do
  open=0
  for target in "${targets[@]}"; do
    name=$(basename "$target")
    done=$(cut -d ' ' -f 1 "executions/$name" 2>/dev/null || echo 0)
    [ "$done" -ge "$runs" ] || compgen -G "findings/$name-*" >/dev/null && continue
    open=1
    beside "${target#"$build"/}" -runs=$chunk -max_total_time=120
  done
  all_ended
done
exit "$failed"
