#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0

# bats and support.bash set variables; what is quoted is for another shell or for sed.
# shellcheck disable=SC2154,SC2016
load support

@test "says nothing on stdout when all is well" {
  with_store
  run --separate-stderr -0 cairn validate library:2026.11
  [[ -z $output && $stderr == *"1 image checked, 0 findings"* ]]
  run --separate-stderr -0 cairn validate --all --quiet
  [[ -z $output && -z $stderr ]]
}

@test "finds a changed byte; exit code 3" {
  with_store
  layer=$(cairn inspect library:2026.11 --json | jq -r '.layers[0].digest')
  blob=$HOME/.local/share/cairn/store/blobs/sha256/${layer#sha256:}
  printf 'x' | dd of="$blob" bs=1 seek=100 conv=notrunc status=none
  run --separate-stderr -3 cairn validate library:2026.11
  [[ $output == *"${layer:0:15}"* ]]
  run --separate-stderr -3 cairn validate --all --json
  [[ $(json '.findings | length') -ge 1 && $(json '.findings[0].image') == library:2026.11 ]]
}

@test "wants one image or all" {
  run --separate-stderr -2 cairn validate
  one_line_error "needs IMAGE or --all"
  run --separate-stderr -2 cairn validate x --all
  one_line_error "needs IMAGE or --all"
}
