#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0

# bats and support.bash set variables.
# shellcheck disable=SC2154
load support

@test "init writes a recipe that check reads" {
  run --separate-stderr -0 cairn recipe init project
  [[ $stderr == *"wrote project/cairn.yaml"* ]]
  run --separate-stderr -0 cairn recipe check project
  [[ $stderr == *"project/cairn.yaml: 1 step" ]]
  run --separate-stderr -1 cairn recipe init project
  one_line_error "'project/cairn.yaml': is there already"
}

@test "explain shows the steps and what is not pinned" {
  mkdir project
  cat >project/cairn.yaml <<'END'
base: {image: debian:12}
layers:
- packages: [curl, git=1:2.39]
- run: make
  network: true
- modules: library:1
END
  run --separate-stderr -0 cairn recipe explain project
  [[ $output == *"packages"*"in a container"*"curl git=1:2.39"* && $output == *"modules"*"directly"* ]]
  run --separate-stderr -0 cairn recipe explain project --json
  [[ $(json '.steps | map(.kind) | join(" ")') == 'packages run modules' ]]
  [[ $(json '.unpinned | length') == 4 && $(json '.unpinned[1]') == "project/cairn.yaml:3:3: package 'curl' has no version" ]]
}

@test "errors name file, line and column" {
  run --separate-stderr -1 cairn recipe check
  one_line_error "cairn.yaml"
  mkdir -p project/layers/x
  printf 'base: {image: a}\nlayers:\n- layers/x\n' >project/cairn.yaml
  run --separate-stderr -1 cairn recipe check project
  one_line_error "project/cairn.yaml:3:3: 'layers[0]': 'project/layers/x/layer.yaml': no such file"
  printf 'steps:\n- fles: x\n' >project/layers/x/layer.yaml
  run --separate-stderr -1 cairn recipe check project
  one_line_error "project/layers/x/layer.yaml:2:3: unknown key 'fles' in 'steps[0]'; did you mean 'files'?"
  run --separate-stderr -2 cairn recipe "do"
  one_line_error "'recipe 'do'': there are check, explain and init"
}
