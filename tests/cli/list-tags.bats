#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0

# bats and support.bash set variables; what is quoted is for another shell or for sed.
# shellcheck disable=SC2154,SC2016
load support
load ../support/registry/registry

teardown() { stop_registries; }

@test "lists all tags, sorted" {
  with_store
  start_registry "$BATS_TEST_TMPDIR/r"
  for tag in c a b; do cairn push library:2026.11 "$registry/library:$tag" --tls-verify false --quiet; done
  run --separate-stderr -0 cairn list-tags "docker://$registry/library" --tls-verify false
  [[ $output == $'a\nb\nc' ]]
  run --separate-stderr -0 cairn list-tags "$registry/library" --tls-verify false --json
  [[ $(json '.tags | join(",")') == a,b,c && $(json .repository) == "$registry/library" ]]
}

@test "tells what is not there" {
  start_registry "$BATS_TEST_TMPDIR/r"
  run --separate-stderr -1 cairn list-tags "$registry/none" --tls-verify false
  one_line_error "$registry/none: no such repository"
}
