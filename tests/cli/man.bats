#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0

# bats and support.bash set variables; what is quoted is for another shell or for sed.
# shellcheck disable=SC2154,SC2016
load support

@test "prints a page that man takes without a complaint" {
  cairn man split >page.1
  grep -q '^.TH CAIRN' page.1
  if command -v groff >/dev/null; then
    run --separate-stderr -0 groff -K utf8 -man -ww -Tutf8 -z page.1
    [[ -z $stderr ]]
  fi
}

@test "writes a page for every command" {
  cairn man --output pages
  [[ -s pages/cairn.1 && -s pages/cairn-split.1 && -s pages/cairn-gc.1 ]]
}

@test "docs/commands says what the program says" {
  cairn man --docs pages
  for page in pages/*.md; do diff -u "$checkout/docs/commands/${page##*/}" "$page"; done
}

@test "knows no page of what is no command" {
  run --separate-stderr -2 cairn man nope
  one_line_error "no command 'nope'"
}
