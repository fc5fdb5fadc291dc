#!/usr/bin/env bash
# tools/laws.sh [BUILD...]: what the design asks of every file, and of the modules in the build
# folders named. Prints each offender; exits 1 if there is one.
set -uo pipefail
shopt -s lastpipe # report sets `broken` from the end of a pipeline
cd "$(dirname "$0")/.." || exit

broken=0
report() { # TITLE; offenders on standard input, none is fine
  local offenders
  offenders=$(cat)
  [ -n "$offenders" ] || return 0
  printf '%s\n%s\n\n' "$1" "$offenders"
  broken=1
}

# Files of the project: committed, or new and not ignored.
files() {
  git ls-files --cached --others --exclude-standard --deduplicate -- "$@" |
    while read -r file; do [ ! -f "$file" ] || echo "$file"; done
}
search() { # PATTERN GLOB...
  local pattern=$1
  shift
  files "$@" | xargs -r grep -nHE -- "$pattern"
}

# One caller per primitive; poll_start and poll_stop are called through the host's libuv.
primitives=(curl_multi_socket_action curl_multi_info_read curl_easy_setopt poll_start poll_stop)
for primitive in "${primitives[@]}"; do
  calls=$(search "\b(uv_)?$primitive *\(" 'src/*')
  homes=$(cut -d: -f1 <<<"$calls" | sort -u | wc -l)
  [ "$homes" -le 1 ] || report "more than one home for $primitive:" <<<"$calls"
done

search '#[ \t]*include *[<"](lua|lauxlib|lualib|luajit|luv)' 'src/core/*' |
  report "Lua's headers in src/core (two rooms, one door):"

search 'lua_pushlightuserdata' 'src/*' |
  report 'light userdata (LuaJIT takes 47 bits; on arm64 libraries and stacks lie above):'

files 'src/*' 'lua/*' | grep -E '\.(c|cc|cpp|h|hpp|lua)$' | xargs -r wc -l |
  awk '$2 != "total" && $1 > 320' | report 'files over 320 lines (one concept a file):'

search '\b(pending|skip) *\(' 'spec/*' | report 'specs that may skip in silence:'

search '\b(TODO|FIXME|XXX)\b|not implemented|placeholder' src lua spec examples tools/*.lua |
  report 'unfinished:'

search '(^|[^A-Za-z0-9_.])/(work|farm|root|home|Users)/' . ':!tools/laws.sh' |
  report 'paths of one machine:'

luajit tools/rooms.lua check 2>&1 | report 'rooms out of order (tools/rooms):'

files 'lua/*.lua' | xargs -r luajit tools/annotations.lua | report 'functions without annotations:'

# Neither libuv, luv nor a Lua may be linked: the host has them.
for build in "$@"; do
  for module in "$build"/luvcurl_core.so "$build"/luvcurl_impl.so; do
    readelf -d "$module" | grep -E 'NEEDED.*\[lib(lua|uv|luv)' |
      report "$module links the host's libraries:"
    nm -D --undefined-only "$module" | grep -E ' (uv|luv)_' |
      report "$module has undefined libuv or luv symbols:"
  done
done

[ "$broken" = 0 ] && echo 'laws: kept'
exit "$broken"
