#!/usr/bin/env bash
# tools/tidy.sh: clang-tidy over the sources below src/ that have changed since it last found nothing
# in them: they, a header that they include, their flags, or clang-tidy's settings. build/release
# tells flags and headers; build/tidy has a file named after the hash of all that for each source
# that was clean.
set -euo pipefail
cd "$(dirname "$0")/.."

build=build/release
clean=build/tidy
mkdir -p "$clean"
settings=$(cat .clang-tidy <(clang-tidy --version) | sha256sum)

# What each source includes of ours, from ninja: 'SOURCE FILE' for each file. It tells paths from the
# build folder on or whole ones.
included() {
  ninja -C "$build" -t deps | awk -v root="$PWD/" -v build="$build/" '
    /^[^ ]/ { source = ""; next }
    NF == 1 {
      file = $1
      sub(/^\.\.\/\.\.\//, root, file)
      if (file ~ /^generated/) file = root build file
      if (index(file, root) != 1) next
      file = substr(file, length(root) + 1)
      if (source == "") source = file
      print source, file
    }'
}

declare -A files=()
while read -r source file; do
  files[$source]+="$file"$'\n'
done < <(included)

todo=()
declare -A stamps=()
while read -r source; do
  # What is for another system is not built here.
  grep -qF -- "-c $PWD/$source" "$build/compile_commands.json" || continue
  stamps[$source]=$(
    {
      echo "$settings"
      grep -F -- "-c $PWD/$source" "$build/compile_commands.json"
      printf '%s\n%s' "$source" "${files[$source]-}" | sort -u | xargs -r sha256sum
    } | sha256sum | cut -d' ' -f1
  )
  [ -f "$clean/${stamps[$source]}" ] || todo+=("$source")
done < <(tools/sources.sh cpp | grep '^src/')

# A process for each file; on stderr clang-tidy only counts what it left out of system headers.
check() { # SOURCE STAMP
  clang-tidy -p build/release --quiet --warnings-as-errors='*' "$1" 2>/dev/null && touch "$2"
}
export -f check

for source in "${todo[@]}"; do
  printf '%s\0%s\0' "$source" "$clean/${stamps[$source]}"
done | xargs -0 -r -P "$(nproc)" -n 2 bash -c 'check "$@"' check
