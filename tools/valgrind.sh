#!/usr/bin/env bash
# tools/valgrind.sh: the specs in which memory moves, and the end of a state with transfers in it,
# in Lua 5.4 under memcheck. An error or a block definitely lost fails the run.
set -euo pipefail
cd "$(dirname "$0")/.."

moves=(call/cancel call/findings call/http2 call/multi call/redirect request/auth request/multipart
  request/tls response/encoding response/headers response/response session/session stream/pause
  stream/pipe stream/sse_stream stream/stream upload/upload upload/upload_anew
  upload/upload_source)

run() {
  luajit spec/run.lua --build build/release --host lua5.4 --valgrind --timeout 900 "$@"
}

specs=()
for name in "${moves[@]}"; do specs+=("spec/${name}_spec.lua"); done
run "${specs[@]}"
run --filter 'teardown by [ae].*close' spec/host/teardown_spec.lua
