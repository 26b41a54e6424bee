#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0

# bats and support.bash set variables.
# shellcheck disable=SC2154
load support

# The notebook image itself is checked by tests/notebook. Here: what a recipe promises.

setup() {
  ((EUID == 0)) || skip "needs root, for buildah"
  command -v buildah >/dev/null || skip "buildah is not installed"
  cache=${CAIRN_CACHE:-$HOME/.cache/cairn}
  in_empty_place
  layout=$(CAIRN_CACHE=$cache "$checkout/tests/support/lmod-base")
  mkdir project
}

with_tests() {
  { printf 'base: {image: "oci:%s:base:lmod"}\ntests:\n' "$layout"; cat; } >project/cairn.yaml
  cairn build project --tag project:1 --quiet >/dev/null
}

@test "the tests of a recipe are run as a random user" {
  with_tests <<'END'
- {name: true is, command: ['true']}
- {name: the user is random, command: [sh, -c, '[ "$(id -u):$(id -g)" = 1000720000:0 ]']}
END
  run --separate-stderr -0 cairn check project:1 --json
  [[ $(json '[.checks[] | .outcome] | join(" ")') == 'passed passed' ]]
  [[ -z $(buildah containers --quiet --filter name=cairn-) ]]
}

@test "a test that fails is shown with its last line, and the exit code is 3" {
  with_tests <<'END'
- {name: good, command: ['true']}
- {name: bad, command: [sh, -c, 'echo first >&2; echo last >&2; exit 7']}
END
  run --separate-stderr -3 cairn check project:1
  [[ $output == *"recipe"*"bad"*"failed"*"last"* && $stderr == *"2 checks, 1 failed"* ]]
}

@test "an image with nothing to check says so" {
  printf '' | with_tests
  printf 'base: {image: "oci:%s:base:lmod"}\n' "$layout" >project/cairn.yaml
  cairn build project --tag project:2 --quiet >/dev/null
  run -0 cairn check project:2 --quiet
  [[ $output == *"skipped"*"exposes no port 8888"* ]]
}
