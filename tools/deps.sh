#!/usr/bin/env bash
# tools/deps.sh PURPOSE...: installs the Debian packages that a purpose needs and that are missing.
# The purposes are the files of tools/packages/. With nothing missing this needs no rights. With
# NO_INSTALL=1 in the environment it names what is missing, and fails.
set -euo pipefail
cd "$(dirname "$0")/.."

die() {
  echo "tools/deps.sh: $*" >&2
  exit 1
}

# Adds a list's packages, one a line, to `wanted`. A line '@file' stands for the lines of that file.
wanted=()
add() { # FILE
  [ -f "$1" ] || die "there is no list $1"
  local line
  while read -r line; do
    case $line in
      '' | '#'*) ;;
      @*) add "${line#@}" ;;
      *) wanted+=("$line") ;;
    esac
  done <"$1"
}

is_installed() {
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

[ $# -gt 0 ] || die 'usage: tools/deps.sh PURPOSE...'
for purpose in "$@"; do
  add "tools/packages/$purpose"
done

if ! command -v dpkg-query >/dev/null; then
  echo "tools/deps.sh: not a Debian system, so see to these yourself: ${wanted[*]}" >&2
  exit 0
fi

missing=()
for package in ${wanted[@]+"${wanted[@]}"}; do
  is_installed "$package" || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

[ "${NO_INSTALL:-0}" != 1 ] || die "missing, and not installed since NO_INSTALL is set: ${missing[*]}"

as_root=(env DEBIAN_FRONTEND=noninteractive)
if [ "$(id -u)" != 0 ]; then
  command -v sudo >/dev/null || die "as root, install: ${missing[*]}"
  as_root=(sudo "${as_root[@]}")
fi
echo "installing (NO_INSTALL=1 stops here instead): ${missing[*]}"
"${as_root[@]}" apt-get update -qq </dev/null
"${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" \
  </dev/null >/dev/null
