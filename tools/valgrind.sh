#!/usr/bin/env bash
# tools/valgrind.sh: the specs in which memory moves, and the end of a state with transfers in it,
# in Lua 5.4 under memcheck. An error or a block definitely lost fails the run.
set -euo pipefail
cd "$(dirname "$0")/.."

moves=(auth cancel encoding findings headers http2 multi multipart pause pipe redirect response
  session sse_stream stream tls upload upload_anew upload_source)

run() {
  luajit spec/run.lua --build build/release --host lua5.4 --valgrind --timeout 900 "$@"
}

specs=()
for name in "${moves[@]}"; do specs+=("spec/${name}_spec.lua"); done
run "${specs[@]}"
run --filter 'teardown by [ae].*close' spec/teardown_spec.lua
