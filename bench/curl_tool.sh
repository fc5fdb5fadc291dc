#!/bin/sh
# The curl tool as a client of the bench (README.md), for down-file: the same file again and again
# over one connection, the first time as the warm-up. What the tool does not tell, CPU and memory,
# is 0.
set -eu
while [ $# -gt 0 ]; do
  case $1 in
    --url) url=$2 ;;
    --file) file=$2 ;;
    --requests) requests=$2 ;;
    --workload) [ "$2" = down-file ] || { echo "no workload $2" >&2; exit 3; } ;;
  esac
  shift 2
done
set -- -o "$file" "$url"
i=0
while [ $i -lt "$requests" ]; do
  set -- "$@" -o "$file" "$url"
  i=$((i + 1))
done
curl -q -sS -f -w '%{time_total} %{size_download}\n' "$@" | awk -v requests="$requests" '
  NR > 1 { seconds += $1; bytes += $2 }
  END {
    printf "{\"requests\":%d,\"failed\":0,\"seconds\":%.6f,\"user\":0,\"system\":0,", requests, seconds
    printf "\"max_rss_kb\":0,\"bytes\":%.0f}\n", bytes
  }'
