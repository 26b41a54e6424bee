#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0

# bats and support.bash set variables; what is quoted is for another shell or for sed.
# shellcheck disable=SC2154,SC2016
load support

@test "says how to begin when there is no store" {
  run --separate-stderr -0 cairn images
  [[ -z $output ]]
  one_line_error "cairn split TREE --tag NAME:TAG makes it"
  run --separate-stderr -0 cairn images --json
  [[ $(json '.images | length') == 0 ]]
}

@test "lists names, digests, sizes, units" {
  with_store
  run --separate-stderr -0 cairn images
  [[ ${lines[0]} =~ ^NAME\ +DIGEST\ +SIZE\ +UNITS\ +CREATED$ ]]
  [[ ${lines[1]} == library:2026.11*"${digest:0:19}"*1970-01-01 ]]
  [[ -z $stderr ]]
  run -0 cairn images --names
  [[ $output == library:2026.11 ]]
  run -0 cairn images --json
  [[ $(json '.images[0].manifest') == "$digest" && $(json '.images[0].units') == 5 ]]
}

@test "still lists the others when one cannot be read" {
  with_store
  cairn tag library:2026.11 library:other
  store=$HOME/.local/share/cairn/store
  config=$(jq -r .config.digest "$store/blobs/sha256/${digest#sha256:}")
  rm "$store/blobs/sha256/${config#sha256:}"
  run --separate-stderr -0 cairn images
  [[ ${#lines[@]} == 3 && ${lines[1]} == *unreadable* ]]
  [[ $stderr == *"cairn: warning: library:2026.11: "* ]]
}

@test "goes on quietly when the reader leaves" {
  with_store
  run --separate-stderr -0 bash -c 'set -o pipefail; "$CAIRN" images | true'
  [[ -z $stderr ]]
}

@test "refuses what is no store and does not touch it" {
  mkdir other && touch other/file
  run --separate-stderr -1 cairn images --store other
  one_line_error "other"
  [[ $(ls other) == file ]]
}

@test "fails when standard output is full" {
  with_store
  run --separate-stderr -1 bash -c '"$CAIRN" images >/dev/full'
  one_line_error "standard output: No space left on device"
}
