#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0

# bats and support.bash set variables; what is quoted is for another shell or for sed.
# shellcheck disable=SC2154,SC2016
load support

@test "finds nothing wrong with a good tree" {
  with_tree
  run --separate-stderr -0 cairn lint easybuild
  [[ $stderr == *"0 errors"* ]]
}

@test "says what is wrong, where, and what to do; exit code 3" {
  with_tree
  echo 'depends_on("Nowhere/1.0")' >>easybuild/modules/all/Greeting/2.0.lua
  run --separate-stderr -3 cairn lint easybuild
  [[ $output == *"missing-dependency"* && $output == *"Nowhere/1.0"* && $output == *"advice: "* ]]
  [[ $stderr == *"error"* ]]
}

@test "gives records" {
  with_tree
  chmod o+w easybuild/software/Hello/1.0/share/data
  run --separate-stderr cairn lint easybuild --json
  [[ $(json '[.findings[] | select(.rule == "world-writable")] | length') == 1 ]]
  [[ $(json '.findings[] | select(.rule == "world-writable") | .path') == software/Hello/1.0/share/data ]]
  [[ $(json '.errors + .warnings + .notes') == "$(json '.findings | length')" ]]
}

@test "fails without a tree" {
  run --separate-stderr -1 cairn lint nowhere
  one_line_error "nowhere"
}
