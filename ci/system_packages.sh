#!/bin/sh
# Installs the Debian packages that an embedded cluster needs, or names them in one line.
# `sh ci/system_packages.sh tests`: also those that only the self-tests need.
set -eu
missing=""
lacks() { command -v "$1" >/dev/null 2>&1 || missing="$missing $2"; }
PATH=$PATH:/usr/sbin:/sbin
lacks ip iproute2
lacks mkfs.xfs xfsprogs
lacks mkfs.ext4 e2fsprogs
lacks mount mount
lacks blkid util-linux
lacks blockdev util-linux
if [ "${1:-}" = tests ]; then
  lacks chromium chromium
  lacks fc-list fontconfig
  fc-list 2>/dev/null | grep -q . || missing="$missing fonts-dejavu-core"
fi
[ -n "$missing" ] || exit 0
missing=$(echo "$missing" | tr ' ' '\n' | sort -u | tr '\n' ' ')
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  echo "installing$missing"
  apt-get update -qq
  # shellcheck disable=SC2086  the list is meant to be split
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
else
  echo "missing programs; install the packages:$missing(as root on Debian \`make setup\` and \`make test\` do it)" >&2
  exit 3
fi
