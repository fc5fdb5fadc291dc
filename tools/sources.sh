#!/usr/bin/env bash
# tools/sources.sh [SUFFIX...]: the C and C++ files (or those with the suffixes named), one a line.
set -euo pipefail
cd "$(dirname "$0")/.."
[ $# -gt 0 ] || set -- c cpp h
git ls-files --cached --others --exclude-standard --deduplicate -- "${@/#/*.}" |
  while read -r file; do [ ! -f "$file" ] || echo "$file"; done
