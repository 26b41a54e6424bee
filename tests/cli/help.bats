#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0

# bats and support.bash set variables; what is quoted is for another shell or for sed.
# shellcheck disable=SC2154,SC2016
load support

@test "teaches with --help, help, and nothing at all" {
  run -0 cairn
  [[ $output == *"Commands:"*"split"*"Examples:"* ]]
  general=$output
  run -0 cairn help
  [[ $output == "$general" ]]
  run -0 cairn split --help
  [[ $output == *"Usage: cairn split TREE --tag NAME:TAG"* && $output == *"Examples:"* ]]
  of_split=$output
  run -0 cairn help split
  [[ $output == "$of_split" ]]
}

@test "no line of help is wider than 80 columns" {
  for command in $(cairn completion fish | sed -n 's/.*__fish_use_subcommand -a \([a-z]*\).*/\1/p'); do
    run -0 cairn "$command" --help
    run ! grep -P '^(?!    (cairn|printf)).{81}' <<<"$output"
  done
}

@test "proposes the command that was meant" {
  run --separate-stderr -2 cairn spilt
  one_line_error "no command 'spilt'; did you mean 'split'?"
  run --separate-stderr -2 cairn --quiet
  one_line_error "no command given"
}

@test "prints the version" {
  run -0 cairn --version
  [[ $output =~ ^cairn\ [0-9]+\.[0-9]+\.[0-9]+$ ]]
}
