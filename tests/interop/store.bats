#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# One store, several tools: skopeo, umoci and buildah read what cairn writes and write into it, at once and one after
# another; processes that are killed leave a store that is good. STORE_TOOL names the helper (tests/support/store_tool.cpp).

bats_require_minimum_version 1.5.0

setup() {
  : "${STORE_TOOL:?}"
  cd "$BATS_TEST_TMPDIR" || return
  store=$BATS_TEST_TMPDIR/store
  printf 'one\n' >one
  printf 'two\n' >two
}

need() {
  local program
  for program in "$@"; do
    command -v "$program" >/dev/null || skip "$program is not installed"
  done
}

tool() { "$STORE_TOOL" "$@"; }

# With a storage of our own; vfs needs nothing from the kernel.
buildah() { command buildah --storage-driver vfs --root "$BATS_TEST_TMPDIR/storage" --runroot "$BATS_TEST_TMPDIR/run" "$@"; }

@test "skopeo inspects and copies images of every codec" {
  need skopeo jq
  local codec digest
  for codec in none gzip zstd; do
    digest=$(tool image "$store" "app:$codec" "$codec" one two)
    [ "$(skopeo inspect "oci:$store:app:$codec" | jq -r .Digest)" = "$digest" ]
    skopeo --insecure-policy copy --quiet --preserve-digests "oci:$store:app:$codec" "oci:$BATS_TEST_TMPDIR/copy:app:$codec"
    tool validate "$BATS_TEST_TMPDIR/copy" "app:$codec"
    [ "$(tool tags "$BATS_TEST_TMPDIR/copy" | grep "app:$codec")" = "app:$codec $digest" ]
  done
}

@test "skopeo writes into a store and cairn goes on" {
  need skopeo
  tool image "$store" ours gzip one
  tool image "$BATS_TEST_TMPDIR/other" theirs gzip two
  skopeo --insecure-policy copy --quiet "oci:$BATS_TEST_TMPDIR/other:theirs" "oci:$store:theirs:1"
  tool validate "$store" theirs:1
  tool image "$store" more zstd two
  [ "$(tool tags "$store" | cut -d ' ' -f 1 | xargs)" = "more ours theirs:1" ]
  tool untag "$store" theirs:1
  tool collect "$store"
  tool validate "$store" ours
  tool validate "$store" more
  skopeo inspect "oci:$store:ours" >/dev/null
}

@test "a store that skopeo made is adopted" {
  need skopeo
  tool image "$BATS_TEST_TMPDIR/other" theirs gzip two
  skopeo --insecure-policy copy --quiet "oci:$BATS_TEST_TMPDIR/other:theirs" "oci:$store:theirs"
  [ ! -e "$store/cairn" ]
  tool validate "$store" theirs
  tool image "$store" ours gzip one
  [ "$(tool tags "$store" | cut -d ' ' -f 1 | xargs)" = "ours theirs" ]
}

@test "umoci shows and unpacks an image" {
  need umoci
  tool image "$store" app gzip one two
  umoci stat --image "$store:app" | grep -F sha256:
  umoci unpack --rootless --image "$store:app" bundle
  diff one bundle/rootfs/one
  diff two bundle/rootfs/two
  tool unpack "$store" app mine
  diff -r mine bundle/rootfs
}

@test "umoci adds a layer and a tag, and collects garbage" {
  need umoci
  tool image "$store" app gzip one
  # umoci 0.4.7 forgets to end the tar: without whole blocks it would be cut short within the padding.
  head -c 512 /dev/zero >block
  umoci insert --rootless --image "$store:app" --tag app2 block /block
  tool validate "$store" app2
  tool unpack "$store" app2 mine
  cmp block mine/block
  umoci tag --image "$store:app" app3
  [ "$(tool tags "$store" | cut -d ' ' -f 1 | xargs)" = "app app2 app3" ]
  umoci rm --image "$store:app2"
  umoci gc --layout "$store"
  tool image "$store" app4 zstd two
  tool validate "$store" app
  tool validate "$store" app3
}

@test "umoci makes a layout that cairn takes" {
  need umoci
  umoci init --layout "$store"
  umoci new --image "$store:empty"
  tool validate "$store" empty
  tool image "$store" app gzip one
  tool validate "$store" empty
}

@test "buildah starts from an image and writes one back" {
  need buildah
  local container
  tool image "$store" app gzip one two
  # Relative: buildah makes a repository name of the path, which must be in lower case.
  container=$(buildah from --quiet oci:store:app)
  buildah copy --quiet "$container" one /three >/dev/null
  buildah commit --quiet --rm "$container" "oci:$store:built" >/dev/null
  tool validate "$store" built
  tool unpack "$store" built mine
  diff one mine/three
  tool validate "$store" app
}

@test "skopeo reads our oci-archive and we read its" {
  need skopeo jq
  local digest
  digest=$(tool image "$store" app:1 zstd one two)
  tool archive "$store" app:1 ours.tar
  [ "$(skopeo inspect oci-archive:ours.tar:app:1 | jq -r .Digest)" = "$digest" ]
  tool validate-archive ours.tar app:1
  skopeo --insecure-policy copy --quiet "oci:$store:app:1" oci-archive:theirs.tar:app:1
  tool validate-archive theirs.tar app:1
  tool validate-archive theirs.tar
}

@test "eight cairns at once lose nothing while skopeo reads" {
  need skopeo
  local i pids=()
  tool image "$store" first gzip one
  for i in 1 2 3 4 5 6 7 8; do
    "$STORE_TOOL" busy "$store" "p$i" 5 3>&- &
    pids+=($!)
  done
  for i in 1 2 3; do skopeo inspect "oci:$store:first" >/dev/null; done
  for i in "${pids[@]}"; do wait "$i"; done
  [ "$(tool tags "$store" | wc -l)" -eq 41 ]
  for i in 1 2 3 4 5 6 7 8; do tool validate "$store" "p$i-4"; done
}

@test "a store whose writers are killed at any moment is good and gets clean" {
  local round pid tag
  tool image "$store" first gzip one
  for round in $(seq 12); do
    # Not `tool`: the process to kill must be the writer, not a shell around it.
    "$STORE_TOOL" busy "$store" "r$round" 1000 3>&- &
    pid=$!
    # 0 to 0.5 s: before, within and after the first writes
    sleep "0.$(printf '%02d' $((RANDOM % 50)))"
    kill -KILL "$pid"
    wait "$pid" || true
    # The last tag is whole, without any repair before.
    tag=$(tool tags "$store" | cut -d ' ' -f 1 | sort -V | tail -n 1)
    tool validate "$store" "$tag"
  done
  tool image "$store" last gzip two
  [ -z "$(find "$store/cairn/tmp" -type f)" ]
  while read -r tag _; do tool validate "$store" "$tag"; done < <(tool tags "$store")
  for tag in $(tool tags "$store" | cut -d ' ' -f 1 | grep -v -x -e first -e last); do tool untag "$store" "$tag"; done
  tool collect "$store"
  # Two images of a layer, a config and a manifest.
  [ "$(find "$store/blobs/sha256" -type f | wc -l)" -eq 6 ]
}
