#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0

# bats and support.bash set variables; what is quoted is for another shell or for sed.
# shellcheck disable=SC2154,SC2016
load support

# value KEY, origin KEY: of `cairn config --json` in $output.
value() { json ".settings[] | select(.key == \"$1\") | .value"; }
origin() { json ".settings[] | select(.key == \"$1\") | .origin"; }

@test "shows each setting with its origin" {
  run -0 cairn config
  [[ ${lines[0]} =~ ^SETTING\ +VALUE\ +FROM ]]
  [[ $output =~ store\ +"$HOME/.local/share/cairn/store"\ +default ]]
}

@test "prefers flag to variable to project to user to default" {
  mkdir -p "$HOME/.config/cairn"
  printf 'jobs: 3\ncompression: gzip\nlog: verbose\nstore: here\n' >"$HOME/.config/cairn/config.yaml"
  printf 'name: what belongs to the recipe\nsettings:\n  jobs: 4\n  compression: none\n' >cairn.yaml
  CAIRN_JOBS=5 run -0 cairn config --json --jobs 6
  [[ $(value jobs) == 6 && $(origin jobs) == --jobs ]]
  CAIRN_JOBS=5 run -0 cairn config --json
  [[ $(value jobs) == 5 && $(origin jobs) == CAIRN_JOBS ]]
  run -0 cairn config --json
  [[ $(value jobs) == 4 && $(origin jobs) == cairn.yaml:3:9 ]]
  [[ $(value compression) == none && $(value log) == verbose ]]
  [[ $(origin log) == "$HOME/.config/cairn/config.yaml:3:6" ]]
  [[ $(value store) == "$HOME/.config/cairn/here" ]]
}

@test "follows XDG directories, but only absolute ones" {
  XDG_DATA_HOME=/data run -0 cairn config --json
  [[ $(value store) == /data/cairn/store ]]
  XDG_DATA_HOME=data run -0 cairn config --json
  [[ $(value store) == "$HOME/.local/share/cairn/store" ]]
  unset HOME
  run -0 cairn config --json
  [[ -z $(value store) ]]
}

@test "names the place of a mistake" {
  printf 'settings:\n  jbos: 4\n' >cairn.yaml
  run --separate-stderr -1 cairn config
  one_line_error "cairn.yaml:2:3"
  printf 'settings:\n  jobs: many\n' >cairn.yaml
  run --separate-stderr -1 cairn config
  one_line_error "cairn.yaml:2:9: 'jobs': 'many' is no number from 1 to 1024"
  rm cairn.yaml
  CAIRN_PROGRESS=loud run --separate-stderr -2 cairn config
  one_line_error "CAIRN_PROGRESS: 'loud' is none of auto, bar, plain, json, none"
  run --separate-stderr -2 cairn config --quiet --verbose
  one_line_error "exclude one another"
}
