#!/usr/bin/env bash
# Installs Debian packages: tools/install.sh WHAT-FOR PACKAGE...
# Says what it does, and which package it could not install; it fails then only
# where MUST is set.
set -euo pipefail
what=$1
shift
[ $# != 0 ] || exit 0
printf '\n== %s: %s\n' "$what" "$*"
missed() {
  echo "not installed: $*" >&2
  [ -z "${MUST-}" ] || exit 1
}
command -v apt-get >/dev/null || {
  missed "there is no apt-get here to install $*"
  exit 0
}
root=()
[ "$(id -u)" = 0 ] || root=(sudo)
"${root[@]}" apt-get update -qq || true
for package in "$@"; do
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -qq -y --no-install-recommends "$package" || missed "$package"
done
