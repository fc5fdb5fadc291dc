#!/usr/bin/env bash
# bench/peers/prepare.sh: installs what the peers need from npm into bench/peers/node_modules, at
# the versions of package.json. Without npm it does nothing: the bench names what is missing.
set -euo pipefail
cd "$(dirname "$0")"

command -v npm >/dev/null || exit 0
[ node_modules -nt package.json ] && exit 0
npm install --no-package-lock --no-audit --no-fund --silent
touch node_modules
