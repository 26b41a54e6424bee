#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0

# bats and support.bash set variables; what is quoted is for another shell or for sed.
# shellcheck disable=SC2154,SC2016
load support

@test "shows each release's cost" {
  run --separate-stderr -0 cairn plan --simulate 3
  [[ ${#lines[@]} == 5 ]]  # a line of titles, the first release, three more
  [[ ${lines[0]} == *RELEASE*NEW*FETCHED*DEAD*"LAYERS MADE"* ]]
  [[ ${lines[1]} == *first* && ${lines[4]} == *"1 new"* ]]
  [[ $stderr == *"times as many"* ]]
}

@test "gives records, the same each time" {
  run --separate-stderr -0 cairn plan --simulate 5 --layers 32 --json --quiet
  first=$output
  [[ $(json '.layers') == 32 && $(json '.releases | length') == 6 ]]
  [[ $(json '.releases[1:] | map(.fetched_bytes) | add') == $(json '.fetched_bytes') ]]
  [[ $(json '.amplification >= 1 and .amplification < 2') == true ]]
  [[ $(json '[.releases[] | .layers <= 32 and .dead_bytes <= .live_bytes / 10] | all') == true ]]
  run --separate-stderr -0 cairn plan --simulate 5 --layers 32 --json --quiet
  [[ $output == "$first" ]]
}

@test "has no dead bytes with --dead 0" {
  run --separate-stderr -0 cairn plan --simulate 5 --dead 0 --json
  [[ $(json '[.releases[].dead_bytes] | max') == 0 ]]
  [[ $(json '[.releases[].made["dead-cap"] // 0] | add > 0') == true ]]
}

@test "plays a history as it was" {
  printf 'index_bytes: 0\nfirst: {a: 9000000, b: 80000000, c: 1000000}\nreleases:\n- {a: 8000000}\n- {b: removed, d: 5}\n' >model.yaml
  run --separate-stderr -0 cairn plan --simulate 2 --model model.yaml --json
  [[ $(json '[.releases[].units] | join(" ")') == "3 3 3" ]]
  [[ $(json '[.releases[].fetched_bytes] | join(" ")') == "90000000 8000000 5" ]]
}

@test "refuses more releases than a history has" {
  printf 'first: {a: 1}\nreleases: [{a: 2}]\n' >model.yaml
  run --separate-stderr -1 cairn plan --simulate 2 --model model.yaml
  one_line_error "model.yaml has 1 release, 2 were asked for"
}

@test "refuses a broken model with its place" {
  echo 'changed: much' >model.yaml
  run --separate-stderr -1 cairn plan --simulate 2 --model model.yaml
  one_line_error "model.yaml:1:10"
}

@test "needs to know what to do" {
  run --separate-stderr -2 cairn plan
  [[ $stderr == *"--simulate"* ]]
  run --separate-stderr -2 cairn plan --simulate 2 --layers 1
  [[ $stderr == *"--layers"* ]]
}

@test "says what a split of a tree would do, and then it does that" {
  with_tree /opt/easybuild
  run --separate-stderr -0 cairn plan easybuild --json
  [[ $(json '[.layers[].kept] | any') == false && $(json '.units.added | length') == 5 ]]
  run -0 cairn images --names
  [[ -z $output ]]
  cairn split easybuild --tag library:1 --quiet
  echo more >>easybuild/software/Hello/1.0/share/data
  run --separate-stderr -0 cairn plan easybuild --tag library:1 --json
  planned=$output
  [[ $(json '.units.changed | join(" ")') == Hello/1.0 && $(json '[.layers[] | select(.kept | not).units[]] | join(" ")') == Hello/1.0 ]]
  cairn split easybuild --tag library:2 --since library:1 --quiet
  run -0 cairn inspect library:2 --json
  [[ $(json '[.layers[] | select(.kind == "units") | .reason] | join(" ")') == $(jq -r '[.layers[].reason] | join(" ")' <<<"$planned") ]]
  run --separate-stderr -0 cairn plan easybuild --tag library:2
  [[ ${lines[0]} == *LAYER*REASON*CONTENT*DEAD*UNITS* && $(grep -c " kept " <<<"$output") == 5 ]]
  [[ $stderr == *"0 added, 0 changed, 5 kept"*"0 made from"* ]]
}

@test "wants a tree or a simulation, not both" {
  run --separate-stderr -2 cairn plan
  one_line_error "give a TREE, or --simulate N"
  with_tree
  run --separate-stderr -2 cairn plan easybuild --simulate 3
  one_line_error "give one of them"
}
