#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# The Containerfile, built by buildah on a bare Debian 12, gives an image whose cairn splits a tree for a user that has no
# name there, as OpenShift starts it. Needs root (mounts, chroot). Minutes the first time; ccache's and apt's files are
# kept in the cache.

bats_require_minimum_version 1.5.0

checkout=$BATS_TEST_DIRNAME/../..
cache=${CAIRN_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/cairn}
random_user=1000680000:0

# With a storage of our own. vfs needs nothing from the kernel; the file system is the slow part.
buildah() {
  command buildah --storage-driver vfs --root "$BATS_FILE_TMPDIR/storage" --runroot "$BATS_FILE_TMPDIR/run" "$@"
}

# image FILTER: what the image says of itself, by jq: entrypoint, user.
image() { command jq -r "$1" <"$BATS_FILE_TMPDIR/image.json"; }

setup_file() {
  local base container
  # Cache mounts of `RUN --mount` are kept below TMPDIR.
  export TMPDIR=$cache/buildah
  mkdir -p "$TMPDIR"
  "$checkout/tools/bare-system" "$BATS_FILE_TMPDIR/bare"
  base=$(buildah from scratch)
  buildah copy --quiet "$base" "$BATS_FILE_TMPDIR/bare" / >/dev/null
  buildah commit --quiet --rm "$base" localhost/bare >/dev/null
  rm -rf "$BATS_FILE_TMPDIR/bare"

  buildah build --isolation chroot --network host --build-arg BASE=localhost/bare --tag localhost/cairn "$checkout" >&2
  buildah inspect --type image localhost/cairn | jq .OCIv1.config >"$BATS_FILE_TMPDIR/image.json"

  container=$(buildah from --pull-never localhost/cairn)
  printf '%s\n' "$container" >"$BATS_FILE_TMPDIR/container"
}

teardown_file() {
  buildah rm --all >/dev/null
}

# run_cairn ARGUMENT…: what a pod of the image does, with $tree and $volume in it.
run_cairn() {
  buildah run --isolation chroot --user "$random_user" --volume "$tree:/tree:ro" --volume "$volume:/volume" \
    "$(<"$BATS_FILE_TMPDIR/container")" -- "$(image '.Entrypoint[0]')" "$@"
}

setup() {
  tree=$BATS_TEST_TMPDIR/tree
  volume=$BATS_TEST_TMPDIR/volume
  mkdir -p "$tree/software/Hello/1.0/bin" "$tree/modules/all/Hello"
  printf '#!/bin/sh\necho hello\n' >"$tree/software/Hello/1.0/bin/hello"
  chmod 755 "$tree/software/Hello/1.0/bin/hello"
  printf 'local root = "/tree/software/Hello/1.0"\nprepend_path("PATH", pathJoin(root, "bin"))\n' \
    >"$tree/modules/all/Hello/1.0.lua"
  mkdir -m 2770 "$volume"
}

@test "the image starts cairn, as a user of group 0" {
  [ "$(image '.Entrypoint | join(" ")')" = cairn ]
  [ "$(image .User)" = 1001:0 ]
}

@test "its cairn tells its version to a random user" {
  run --separate-stderr run_cairn --version
  [ "$status" -eq 0 ]
  [[ $output == *[0-9].[0-9]* ]]
}

@test "its cairn splits a tree for a random user" {
  run --separate-stderr run_cairn split /tree --store /volume/store --tag hello:1
  # shellcheck disable=SC2154  # bats sets stderr
  printf '%s\n' "$stderr"
  [ "$status" -eq 0 ]
  [[ $output =~ ^sha256:[0-9a-f]{64}$ ]]
  skopeo inspect --raw "oci:$volume/store:hello:1" | jq -e '.layers | length > 0'
}

@test "the image is small: no compiler" {
  local root
  root=$(buildah mount "$(<"$BATS_FILE_TMPDIR/container")")
  [ ! -e "$root/usr/bin/g++" ]
  [ "$(tar -C "$root" -c . | zstd -3 -T0 | wc -c)" -le 60000000 ]
}
