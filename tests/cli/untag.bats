#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0

# bats and support.bash set variables; what is quoted is for another shell or for sed.
# shellcheck disable=SC2154,SC2016
load support

@test "takes a name away and keeps the image" {
  with_store
  run --separate-stderr -0 cairn untag library:2026.11
  [[ -z $output ]]
  run -0 cairn images --names
  [[ -z $output ]]
  cairn inspect "$digest" >/dev/null
}

@test "names what is not there" {
  with_store
  run --separate-stderr -1 cairn untag library:2
  one_line_error "'library:2'"
  run --separate-stderr -2 cairn untag
  one_line_error "'untag' needs NAME:TAG"
}
