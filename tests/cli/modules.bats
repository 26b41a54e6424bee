#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0

# bats and support.bash set variables; what is quoted is for another shell or for sed.
# shellcheck disable=SC2154,SC2016
load support

@test "lists modules with unit, size, layer and description" {
  with_store
  run -0 cairn modules library:2026.11
  [[ ${#lines[@]} == 5 ]]
  [[ ${lines[1]} =~ ^Greeting/2.0\ +Greeting/2.0\ +20\ KiB.*Greets\ in\ many ]]
  [[ $(grep Secret <<<"$output") == *hidden* ]]
  listed=$output
  run -0 cairn modules list library:2026.11
  [[ $output == "$listed" ]]
  run -0 cairn modules library:2026.11 --json
  [[ $(json '[.modules[] | select(.hidden) | .name] | join(" ")') == Secret/.1.0 ]]
}

@test "shows all about one" {
  with_store
  run -0 cairn modules show library:2026.11 Hello/1.0
  [[ $output =~ needed\ by\ +Greeting/2.0 ]]
  [[ $output =~ path\ +/opt/easybuild/software/Hello/1.0 ]]
  run -0 cairn modules show library:2026.11 Hello --json
  [[ $(json .unit) == Hello/2.0 ]]
  [[ $(json .layer_digest) == "$(cairn inspect library:2026.11 --json | jq -r ".layers[$(json .layer)].digest")" ]]
}

@test "follows dependencies" {
  with_store
  run -0 cairn modules closure library:2026.11 Greeting
  [[ $output == *Greeting/2.0* && $output == *Hello/1.0* && $output != *Hello/2.0* ]]
  run -0 cairn modules closure library:2026.11 Greeting Secret/.1.0 --json
  [[ $(json '[.units[].name] | join(" ")') == "Greeting/2.0 Hello/1.0 Secret/.1.0" ]]
}

@test "proposes names that are near" {
  with_store
  run --separate-stderr -1 cairn modules show library:2026.11 Helo/1.0
  one_line_error "Hello/1.0"
}

@test "says how it is used" {
  run --separate-stderr -2 cairn modules
  one_line_error "see cairn modules --help"
  run --separate-stderr -2 cairn modules show library:2026.11
  one_line_error "needs IMAGE and one NAME"
  run --separate-stderr -2 cairn modules list library:2026.11 Hello
  one_line_error "'Hello' is one word too many"
}
