#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0

# bats and support.bash set variables; what is quoted is for another shell or for sed.
# shellcheck disable=SC2154,SC2016
load support
load ../support/registry/registry

teardown() { stop_registries; }

@test "deletes an image from a registry" {
  with_store
  start_registry "$BATS_TEST_TMPDIR/r"
  cairn push library:2026.11 "$registry/library:1" --tls-verify false --quiet
  run --separate-stderr -0 cairn delete "docker://$registry/library:1" --tls-verify false
  [[ $output == "$digest" ]]
  run --separate-stderr -1 cairn delete "docker://$registry/library:1" --tls-verify false
  one_line_error "$registry/library:1: not in the registry"
}

@test "does not delete by accident" {
  with_store
  run --separate-stderr -2 cairn delete library:2026.11
  one_line_error "to remove 'library:2026.11' from the store use cairn untag"
  run --separate-stderr -2 cairn delete docker://localhost:1/library
  one_line_error "'delete' needs a tag or a digest"
}
