#!/usr/bin/env bash
# tools/build.sh [-DNAME=VALUE...] WHAT...: configures where needed, and builds.
# WHAT is a preset (release, asan, dev, fuzz), asan-lua5.4 (or another Lua's), or a Lua (lua5.1, lua5.3, lua5.4): the release preset with
# that Lua's headers, in build/release-WHAT. A folder keeps the settings it once got, until a -D
# asks for another value.
set -euo pipefail
cd "$(dirname "$0")/.."

# What a user's build has and a developer's turns on: neither tests nor warnings that stop it.
defaults=(-DLUVCURL_TESTS=OFF -DLUVCURL_WERROR=OFF)
settings=() # read as ${settings[@]+…}: bash 3.2, which macOS has, takes an empty list for an unset one
while [[ ${1-} == -D* ]]; do
  settings+=("$1")
  shift
done

configured() { # FOLDER: whether it has the settings asked for
  local setting name
  for setting in ${settings[@]+"${settings[@]}"}; do
    name=${setting#-D}
    name=${name%%=*}
    grep -q "^$name:[A-Z]*=${setting#*=}\$" "$1/CMakeCache.txt" || return
  done
}

configure() { # FOLDER ARGUMENT...
  local folder=$1
  shift
  mkdir -p "$folder"
  cmake -S . -B "$folder" "$@" >"$folder/configure.log" 2>&1 ||
    { cat "$folder/configure.log" >&2; exit 1; }
}

for what in "$@"; do
  case $what in
    asan-lua*) folder=build/$what which=(-G Ninja --preset asan "-DLUVCURL_LUA=${what#asan-}") ;;
    lua*) folder=build/release-$what which=(-G Ninja --preset release "-DLUVCURL_LUA=$what") ;;
    *) folder=build/$what which=(-G Ninja --preset "$what") ;;
  esac
  if [ ! -f "$folder/build.ninja" ]; then
    configure "$folder" "${which[@]}" "${defaults[@]}" ${settings[@]+"${settings[@]}"}
  elif ! configured "$folder"; then
    configure "$folder" ${settings[@]+"${settings[@]}"}
  fi
  cmake --build "$folder"
done
