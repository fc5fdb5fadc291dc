#!/usr/bin/env bash
# tools/tsan.sh: the specs with threads under ThreadSanitizer. Its library is preloaded into luajit,
# whose own code, like that of luv and libcurl, is not instrumented: races in luvcurl are what it
# reports. Not those with threads at the end of the process, where every library's own end races.
set -euo pipefail
cd "$(dirname "$0")/.."

library=$(gcc -print-file-name=libtsan.so)
log=build/logs/tsan
mkdir -p build/logs
rm -f "$log".*
status=0
LUVCURL_TSAN=$library TSAN_OPTIONS="log_path=$PWD/$log exitcode=66 suppressions=$PWD/tools/tsan.supp" \
  luajit spec/run.lua --build build/tsan --host luajit --timeout 600 \
  --filter 'states at work' spec/host/threads_spec.lua || status=$?
if compgen -G "$log.*" >/dev/null; then
  cat "$log".*
  exit 1
fi
exit "$status"
