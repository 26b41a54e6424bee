#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0

# bats and support.bash set variables.
# shellcheck disable=SC2154
load support

@test "lists releases in the order of their numbers, with what each changed" {
  with_tree /opt/easybuild
  for release in 9 10 11; do
    echo "$release" >>easybuild/software/Hello/1.0/share/data
    cairn split easybuild --tag "library:2026.$release" ${last:+--since "$last"} --quiet
    last=library:2026.$release
  done
  cairn tag library:2026.11 libraryish:1
  run --separate-stderr -0 cairn history library
  [[ ${#lines[@]} == 4 && ${lines[0]} == RELEASE*UNITS*ADDED*CHANGED*REMOVED*FETCHED*RATIO*DEAD* ]]
  [[ ${lines[1]} == library:2026.9\ * && ${lines[2]} == library:2026.10\ * && ${lines[3]} == library:2026.11\ * ]]
  run --separate-stderr -0 cairn history library --json
  [[ $(json '[.releases[].difference.units | length] | join(" ")') == "0 1 1" ]]
  fetched=$(cairn diff library:2026.10 library:2026.11 --json | jq .fetched_bytes)
  [[ $(json '.releases[2].difference.fetched_bytes') == "$fetched" ]]
}

@test "leaves other images out, and says when there is none" {
  with_store
  umoci init --layout plain
  umoci new --image plain:x
  run --separate-stderr -0 cairn history library
  [[ ${#lines[@]} == 2 ]]
  run --separate-stderr -1 cairn history nothing
  one_line_error "'nothing': no library of this name in the store"
}
