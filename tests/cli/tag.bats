#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0

# bats and support.bash set variables; what is quoted is for another shell or for sed.
# shellcheck disable=SC2154,SC2016
load support

@test "gives an image a second name" {
  with_store
  run --separate-stderr -0 cairn tag library:2026.11 library:stable
  [[ $output == "$digest" ]]
  run -0 cairn images --names
  [[ $output == $'library:2026.11\nlibrary:stable' ]]
  run --separate-stderr -0 cairn tag "$digest" library:third --json
  [[ $(json .manifest) == "$digest" && $(json .name) == library:third ]]
}

@test "refuses names that other tools would not take" {
  with_store
  run --separate-stderr -1 cairn tag library:2026.11 'white space'
  one_line_error "'white space'"
  run --separate-stderr -1 cairn tag nope library:x
  one_line_error "'nope': no such tag"
}
