#!/bin/sh
# The curl tool as a client of the bench (README.md), for down-file: the same file twice over one
# connection, the second time measured. What the tool does not tell, CPU and memory, is 0.
set -eu
while [ $# -gt 0 ]; do
  case $1 in
    --url) url=$2 ;;
    --file) file=$2 ;;
    --workload) [ "$2" = down-file ] || { echo "no workload $2" >&2; exit 3; } ;;
  esac
  shift 2
done
times=$(curl -q -sS -f -w '%{time_total} %{size_download}\n' -o "$file" "$url" -o "$file" "$url")
echo "$times" | tail -n 1 | {
  read -r seconds bytes
  printf '{"requests":1,"failed":0,"seconds":%s,"user":0,"system":0,"max_rss_kb":0,"bytes":%s}\n' \
    "$seconds" "$bytes"
}
