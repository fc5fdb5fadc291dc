#!/usr/bin/env bash
# tools/test.sh GROUP...: runs groups of tests, two at a time (JOBS=1: one), and ends with the sums.
#   hosts      the C++ tests, and all specs in every host, or in those that HOSTS names
#   pressure   the specs with a collector that runs all the time, and with one that works at every
#              call into luvcurl; without those whose work processes of their own do, and without
#              the table of faults, whose outcomes are a matter of time
#   torture    a small part of make torture: each 20th allocation that fails
#   sanitized  all specs and the C++ tests under AddressSanitizer and UndefinedBehaviorSanitizer
# Each test's whole output is in build/logs/NAME.log; it is shown when the test has ended.
set -uo pipefail
cd "$(dirname "$0")/.." || exit

logs=build/logs
jobs=${JOBS:-2}
mkdir -p "$logs"
rm -f "$logs"/*.log "$logs"/*.status

names=()
commands=()
add() { # NAME COMMAND
  names+=("$1")
  commands+=("$2")
}

# COMPAT AddressSanitizer before GCC 14: by chance it takes a block of thread-local memory for one of
# an old glibc's, and its leak checker crashes (google/sanitizers#1322).
leaks=ASAN_OPTIONS=detect_leaks=1:abort_on_error=1:intercept_tls_get_addr=0

specs() { echo "luajit spec/run.lua --timeout 1500 $*"; }
cpp() { echo "ctest --test-dir $1 --output-on-failure --no-tests=error"; }

for group in "$@"; do
  case $group in
    hosts)
      for host in ${HOSTS:-luajit nvim luvi lua5.1 lua5.3 lua5.4}; do
        add "$host" "$(specs --build build/release --host "$host")"
      done
      add core "$(cpp build/release)"
      ;;
    pressure)
      # Where processes of their own do the work, the collector of this one has nothing to say.
      others='authorities|bench|examples.*|fault_table|file_system|packaging|resolve|script_faults|soak'
      pressed=$(find spec -name '*_spec.lua' | sort |
        grep -vE "/($others|teardown.*|threads)_spec")
      # shellcheck disable=SC2086  # a list of files
      add luajit-pressure "$(specs --build build/release --host luajit --gc aggressive $pressed)"
      # shellcheck disable=SC2086
      add lua5.4-step "$(specs --build build/release --host lua5.4 --gc step $pressed)"
      ;;
    torture)
      add torture "env TORTURE_STEP=20 luajit spec/run.lua --build build/asan --host lua5.4
        --timeout 1500 spec/torture/torture.lua"
      ;;
    sanitized)
      add asan "$(specs --build build/asan --host luajit --asan)"
      # Leaks are looked for in PUC Lua: the leak checker cannot see what LuaJIT's own memory holds.
      add leaks "env $leaks $(specs --build build/asan --host lua5.1 --asan)"
      add core-asan "env $leaks $(cpp build/asan)"
      ;;
    *)
      echo "tools/test.sh: no group '$group'" >&2
      exit 2
      ;;
  esac
done

run() { # NAME COMMAND: its log and its status go to files
  local begin=$SECONDS status=0
  $2 >"$logs/$1.log" 2>&1 </dev/null || status=$?
  {
    flock 9
    printf '\n== %s: %s\n' "$1" "$2"
    cat "$logs/$1.log"
    printf '== %s ended with status %d after %d s\n' "$1" "$status" $((SECONDS - begin))
  } 9>"$logs/.lock"
  echo "$status" >"$logs/$1.status"
}

# The last "N passed, N failed" of a log; ctest says "x% tests passed, F tests failed out of N" instead.
counts() { # FILE
  sed -nE \
    -e 's/^([0-9]+) passed, ([0-9]+) failed$/\1 \2/p' \
    -e 's/^[0-9]+% tests passed, ([0-9]+) tests? failed out of ([0-9]+)$/\2 \1 of/p' "$1" |
    tail -n 1 | awk '{ print ($3 == "of" ? $1 - $2 : $1), $2 }'
}

for i in "${!names[@]}"; do
  while [ "$(jobs -rp | wc -l)" -ge "$jobs" ]; do wait -n; done
  run "${names[i]}" "${commands[i]}" &
done
wait

passed=0
failed=0
echo
for name in "${names[@]}"; do
  status=$(cat "$logs/$name.status" 2>/dev/null || echo 1)
  read -r p f _ <<<"$(counts "$logs/$name.log") 0 0"
  # A run that ended badly without a failure counted is one.
  [ "$status" = 0 ] || [ "$f" -gt 0 ] || f=1
  [ $((p + f)) -gt 0 ] || f=1
  printf '%-16s %6d passed %6d failed\n' "$name" "$p" "$f"
  passed=$((passed + p))
  failed=$((failed + f))
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
