#!/usr/bin/env bash
# tools/lint.sh: format and lint of C, C++, Lua and shell. build/release tells clang-tidy the flags.
set -uo pipefail
cd "$(dirname "$0")/.." || exit

failed=()
step() { # NAME COMMAND...
  local name=$1
  shift
  "$@" && echo "$name: clean" || failed+=("$name")
}

format() {
  local file status=0
  while read -r file; do
    clang-format "$file" | cmp -s - "$file" && continue
    echo "$file: not formatted (make format)"
    status=1
  done < <(tools/sources.sh)
  return "$status"
}
# A process for each file; on stderr clang-tidy only counts what it left out of system headers.
tidy() {
  tools/sources.sh cpp | grep '^src/' |
    xargs -r -P "$(nproc)" -n 1 clang-tidy -p build/release --quiet 2>/dev/null
}
lua() { luacheck --quiet .; }
shell() { tools/sources.sh sh | xargs -r shellcheck .ci/run; }

step clang-format format
step clang-tidy tidy
step luacheck lua
step shellcheck shell
[ ${#failed[@]} = 0 ] || { echo "lint failed: ${failed[*]}" >&2; exit 1; }
