# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Images for tests of commands: small, of one layer, made without cairn.

# base_image NAME:TAG CONTENT OPTION…: into the layout ./bases. Options of image_of_tar.py.
base_image() {
  local root
  root=$(mktemp -d)
  mkdir -p "$root/etc"
  printf '%s\n' "$2" >"$root/etc/release"
  tar -C "$root" --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 -cf "$root.tar" .
  python3 "${BASH_SOURCE[0]%/*}/image_of_tar.py" "$root.tar" bases "$1" "${@:3}"
  rm -rf "$root" "$root.tar"
}
