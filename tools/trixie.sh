#!/usr/bin/env bash
# shellcheck disable=SC2016  # what is in single quotes is for other programs
# tools/trixie.sh [COMMAND...]: runs a command of the project in Debian 13 (trixie), by default the
# specs of tools/test.sh in the hosts that HOSTS names (all of them without).
#
# The system is made in build/trixie once, by debootstrap from the mirror that this machine's apt
# uses, and kept between runs; what is built there is in build/trixie-build. It is entered by a mount
# namespace of its own and chroot, so root is needed.
set -euo pipefail
cd "$(dirname "$0")/.."

suite=trixie
system=$PWD/build/$suite
built=$PWD/build/$suite-build

[ "$(id -u)" = 0 ] || { echo "tools/trixie.sh: needs root, for chroot" >&2; exit 1; }

make_system() {
  local mirror
  mirror=$(apt-get indextargets --format '$(REPO_URI) $(CREATED_BY) $(CODENAME)' |
    awk '$3 !~ /-/ && $1 ~ /debian\/?$/ { print $1; exit }')
  [ -n "$mirror" ] || { echo "tools/trixie.sh: apt knows no mirror of Debian" >&2; exit 1; }
  echo "making Debian 13 in build/$suite"
  rm -rf "$system"
  mkdir -p build
  debootstrap --variant=minbase --include=make,ca-certificates "$suite" "$system.new" "$mirror" \
    >"build/$suite.log" 2>&1 || { tail -n 20 "build/$suite.log" >&2; exit 1; }
  # Packages are not kept after they were installed, and no service is started by them.
  printf '#!/bin/sh\nexit 101\n' >"$system.new/usr/sbin/policy-rc.d"
  chmod +x "$system.new/usr/sbin/policy-rc.d"
  mkdir -p "$system.new/luvcurl"
  mv "$system.new" "$system"
}

[ -d "$system" ] || make_system
mkdir -p "$built"
cp /etc/resolv.conf "$system/etc/resolv.conf"

# Devices one by one: none of the machine's others can be reached from inside.
enter='
  set -e
  mount --make-rprivate /
  mount --bind "$PWD" "$system/luvcurl"
  mount --bind "$built" "$system/luvcurl/build"
  mount -t proc proc "$system/proc"
  mount -t tmpfs -o mode=755 tmpfs "$system/dev"
  for device in null zero full random urandom tty; do
    touch "$system/dev/$device"
    mount --bind "/dev/$device" "$system/dev/$device"
  done
  mkdir "$system/dev/pts" "$system/dev/shm"
  mount -t devpts -o newinstance,ptmxmode=0666 devpts "$system/dev/pts"
  ln -s pts/ptmx "$system/dev/ptmx"
  ln -s /proc/self/fd "$system/dev/fd"
  mount -t tmpfs -o mode=1777 tmpfs "$system/dev/shm"
  exec chroot "$system" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 TERM=dumb \
    CI="${CI-}" HOSTS="${HOSTS-}" JOBS="${JOBS-}" sh -c "cd /luvcurl && exec \"\$@\"" sh "$@"'

[ $# -gt 0 ] || set -- sh -c '
  tools/deps.sh test
  lua=$(echo "${HOSTS:-lua5.3 lua5.4}" | tr " " "\n" | grep -E "^lua5\.[34]$" || true)
  tools/build.sh -DLUVCURL_TESTS=ON release $lua && exec tools/test.sh hosts'
export system built
exec unshare --mount bash -c "$enter" enter "$@"
