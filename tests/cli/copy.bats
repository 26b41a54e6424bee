#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0

# bats and support.bash set variables; what is quoted is for another shell or for sed.
# shellcheck disable=SC2154,SC2016
load support
load ../support/registry/registry

# same_layers NAME: it unpacks to what library:2026.11 does.
same_layers() { diff <(diff_ids "$1") <(diff_ids library:2026.11); }

diff_ids() {
  cairn copy "$1" "oci:of-${1//[^a-z0-9]/-}:x" --quiet >/dev/null
  skopeo inspect --config "oci:of-${1//[^a-z0-9]/-}:x" | jq .rootfs.diff_ids
}

teardown() { stop_registries; }

@test "keeps the digest from place to place" {
  with_store
  start_registry "$BATS_TEST_TMPDIR/r"
  places=(oci:layout:x oci-archive:file.tar:x "docker://$registry/a/library:1" "docker://$registry/b/library:1" again:1)
  from=library:2026.11
  for to in "${places[@]}"; do
    run --separate-stderr -0 cairn copy "$from" "$to" --tls-verify false
    [[ $output == "$digest" ]]
    from=$to
  done
  run --separate-stderr -0 cairn validate again:1
}

@test "within a registry moves no bytes" {
  with_store
  start_quirk_registry "$BATS_TEST_TMPDIR/r"
  cairn push library:2026.11 "$registry/a/library:1" --tls-verify false --quiet
  control DELETE /_requests
  run --separate-stderr -0 cairn copy "docker://$registry/a/library:1" "docker://$registry/b/library:1" --tls-verify false
  [[ $output == "$digest" ]]
  [[ $(control GET /_requests | jq '[.[] | select(.method == "GET" and (.path | contains("/blobs/")))] | length') -le 0 ]]
  [[ $(control GET /_requests | jq '[.[] | select(.path | contains("/blobs/")) | .bytes] | add') == 0 ]]
}

@test "each side has its own options" {
  with_store
  start_registry "$BATS_TEST_TMPDIR/basic" basic
  run --separate-stderr -1 cairn copy library:2026.11 "docker://$registry/a:1" --dest-tls-verify false --src-creds me:geheim
  one_line_error "access denied (401"
  run --separate-stderr -0 cairn copy library:2026.11 "docker://$registry/a:1" --dest-tls-verify false --dest-creds me:geheim
  run --separate-stderr -0 cairn copy "docker://$registry/a:1" oci:out:1 --src-tls-verify false --src-creds me:geheim
}

@test "writes and reads docker-archive" {
  with_store
  run --separate-stderr -0 cairn copy library:2026.11 docker-archive:file.tar:library:1
  run --separate-stderr -0 skopeo inspect docker-archive:file.tar
  [[ $(json '.Layers | length') == $(cairn inspect library:2026.11 --json | jq '.layers | length') ]]
  run --separate-stderr -0 cairn copy docker-archive:file.tar:library:1 back:1
  run --separate-stderr -0 cairn validate back:1
  same_layers back:1
}

@test "gives images to buildah and takes them back" {
  with_store
  export STORAGE_DRIVER=vfs CONTAINERS_STORAGE_CONF=$BATS_TEST_TMPDIR/storage.conf
  printf '[storage]\ndriver = "vfs"\nrunroot = "%s/run"\ngraphroot = "%s/graph"\n' "$BATS_TEST_TMPDIR" "$BATS_TEST_TMPDIR" >"$CONTAINERS_STORAGE_CONF"
  run --separate-stderr -0 cairn copy library:2026.11 containers-storage:localhost/library:1
  run --separate-stderr -0 buildah images --noheading
  [[ $output == *localhost/library* ]]
  run --separate-stderr -0 cairn copy containers-storage:localhost/library:1 back:1
  same_layers back:1
  run --separate-stderr -1 cairn copy containers-storage:localhost/none:1 back:2
  one_line_error "buildah push: exit status"
}
