#!/usr/bin/env bash
# tools/lint.sh [STEP...]: format and lint of C, C++, Lua and shell, or the steps named: format, tidy,
# lua, shell. build/release tells clang-tidy the flags.
set -uo pipefail
cd "$(dirname "$0")/.." || exit

failed=()
step() { # NAME COMMAND...
  local name=$1
  shift
  "$@" && echo "lint $name: clean" || failed+=("$name")
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
tidy() { tools/tidy.sh; }
# By name: luacheck walks through all of build/ before it leaves that out.
lua() { tools/sources.sh lua rockspec | xargs -r luacheck --quiet .luacheckrc; }
shell() { tools/sources.sh sh | xargs -r shellcheck .ci/run; }

[ $# -gt 0 ] || set -- format tidy lua shell
for name in "$@"; do
  step "$name" "$name"
done
[ ${#failed[@]} = 0 ] || { echo "lint failed: ${failed[*]}" >&2; exit 1; }
