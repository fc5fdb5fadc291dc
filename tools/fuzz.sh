#!/usr/bin/env bash
# tools/fuzz.sh [TARGET...]: runs libFuzzer's targets, two at a time, FUZZ_SECONDS (60) each, and
# tells how many inputs each has tried. What it learns stays in build/fuzz/corpus; an input that
# fails is left in build/fuzz/findings and the run ends with an error.
set -uo pipefail
cd "$(dirname "$0")/.." || exit

seconds=${FUZZ_SECONDS:-60}
build=build/fuzz
findings=$build/findings
mkdir -p "$findings" "$build/logs"
[ $# -gt 0 ] || set -- decode headers url options sse request

top=$PWD
export LUA_PATH="$top/lua/?.lua;$top/lua/?/init.lua;$top/?.lua;;" LUA_CPATH="$top/$build/?.so;;"
export LSAN_OPTIONS=suppressions=$top/spec/torture/lsan.supp:print_suppressions=0
export UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1

run() { # TARGET
  local corpus=$build/corpus/$1 log=$build/logs/$1.log leaks=1
  # Lua keeps what it has allocated until it collects: each input would be searched for leaks.
  case $1 in sse | request) leaks=0 ;; esac
  mkdir -p "$corpus"
  "$build/luvcurl_fuzz_$1" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 \
    -detect_leaks="$leaks" -print_final_stats=1 -artifact_prefix="$findings/$1-" \
    "$corpus" "fuzz/corpus/$1" >"$log" 2>&1 </dev/null
  local status=$?
  printf '%-10s %10s inputs, status %d\n' "$1" \
    "$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")" "$status"
  [ "$status" = 0 ] || grep -v '^#[0-9]' "$log" | tail -n 40
  return "$status"
}

jobs=()
failed=0
for target in "$@"; do
  if [ ${#jobs[@]} -ge 2 ]; then
    wait "${jobs[0]}" || failed=1
    jobs=("${jobs[@]:1}")
  fi
  run "$target" &
  jobs+=($!)
done
for job in "${jobs[@]}"; do wait "$job" || failed=1; done
exit "$failed"
