#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# After thirty small releases, each made from the one before, the image is what a first split of the last tree gives,
# whoever unpacks it: nothing live is hidden, nothing dead is seen. Needs root (mounts).
#
# CAIRN: the program.

bats_require_minimum_version 1.5.0

support=$BATS_TEST_DIRNAME/../support
# shellcheck source=tests/support/memory_directory.bash
. "$support/memory_directory.bash"
# shellcheck source=tests/support/base_image.bash
. "$support/base_image.bash"

target=/opt/series
releases=30
python() { /usr/bin/python3 "$@"; }

setup() {
  ((EUID == 0)) || skip "needs root, for mounts"
  memory=$BATS_FILE_TMPDIR/memory
}

setup_file() {
  ((EUID == 0)) || return 0
  : "${CAIRN:?is the program to be tested}"
  export CAIRN
  umask 022
  memory_directory "$BATS_FILE_TMPDIR/memory"
  cd "$BATS_FILE_TMPDIR/memory" || return
  local release
  for ((release = 0; release <= releases; ++release)); do
    python "$support/release_series.py" tree "$release"
    # umoci reads gzip alone.
    "$CAIRN" split tree --target "$target" --store store --tag "series:$release" --quiet --compression gzip --layers 9 \
      ${last:+--since "$last"} >/dev/null
    last=series:$release
    "$CAIRN" validate "$last" --store store --quiet
    # What users see, and the index layer with it, at every release.
    "$CAIRN" split tree --target "$target" --store "fresh-$release" --tag fresh:1 --quiet >/dev/null
    "$CAIRN" unpack "$last" seen --store store --quiet
    "$CAIRN" unpack fresh:1 wanted --store "fresh-$release" --quiet
    diff -r --no-dereference -x library.json seen wanted
    rm -rf seen wanted
    ((release == releases)) || rm -rf "fresh-$release"
  done
  python "$support/reader/read_library.py" store "series:$releases" document >document.json
  python "$support/normalise.py" original tree --library document.json >expected
  base_image base:1 'a base'
  "$CAIRN" bake oci:bases:base:1 --library "$last" --store store --tag baked:1 --quiet >/dev/null
}

teardown_file() { forget_directory "$BATS_FILE_TMPDIR/memory"; }

# as TOOL [IMAGE]: the series' last release, or another image of the store.
as() {
  local layout=$memory/store image=${2:-series:$releases}
  if [[ $1 == containerd* ]]; then
    layout=$BATS_TEST_TMPDIR/archive.tar
    "$CAIRN" split "$memory/tree" --target "$target" --store "$memory/store" --tag "series:$releases" --quiet --compression gzip --layers 9 \
      --output "oci-archive:$layout:series:$releases" >/dev/null
  fi
  "$support/list_as" "$1" "$layout" "$image" "$target" 2>"$BATS_TEST_TMPDIR/log" >"$BATS_TEST_TMPDIR/found" || {
    tail -n 20 "$BATS_TEST_TMPDIR/log"
    return 1
  }
  diff "$memory/expected" "$BATS_TEST_TMPDIR/found"
}

@test "cairn shows the last of thirty releases" { as cairn; }
@test "umoci shows the last of thirty releases" { as umoci; }
@test "buildah shows the last of thirty releases, copied" { as buildah; }
@test "buildah shows the last of thirty releases, mounted over one another" { as buildah-overlay; }
@test "containerd shows the last of thirty releases, copied" { as containerd; }
@test "containerd shows the last of thirty releases, mounted over one another" { as containerd-overlayfs; }

@test "baked into an image, the last of thirty releases is what every tool shows" {
  as cairn baked:1
  as umoci baked:1
  as buildah-overlay baked:1
}

@test "the releases had dead bytes, merges, and never more layers than allowed" {
  run -0 "$CAIRN" history series --store "$memory/store" --json
  [[ $(jq '[.releases[].layers] | max' <<<"$output") -le 9 ]]
  [[ $(jq '[.releases[].difference.dead_bytes | values | select(. > 0)] | length' <<<"$output") -gt 5 ]]
  [[ $(jq '[.layers[].fragments[]] | (map(select(.live == false).plainSize) | add // 0) <= 0.11 * (map(select(.live != false).plainSize) | add)' "$memory/document.json") == true ]]
  [[ $(jq '[.releases[].difference.units[]? | select(.change == "removed")] | length' <<<"$output") -gt 20 ]]
}
