#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0

# bats and support.bash set variables; what is quoted is for another shell or for sed.
# shellcheck disable=SC2154,SC2016
load support

@test "sets and removes annotations, and changes nothing else" {
  with_store
  run --separate-stderr -0 cairn annotate library:2026.11 a=1 b=x=y --tag library:noted
  [[ $output == sha256:* && $output != "$digest" ]]
  run -0 cairn inspect library:noted --json
  [[ $(json .annotations.a) == 1 && $(json .annotations.b) == x=y && $(json .library) == true ]]
  [[ $(json .config.digest) == "$(cairn inspect library:2026.11 --json | jq -r .config.digest)" ]]
  run --separate-stderr -0 cairn annotate library:noted --remove a --remove b --tag library:back
  [[ $output == "$digest" ]]
  run -0 cairn validate library:noted
}

@test "writes a record, and a copy elsewhere" {
  with_store
  run --separate-stderr -0 cairn annotate library:2026.11 a=1 --tag library:noted --output oci:layout --json
  [[ $(json .tag) == library:noted && $(json .layers) -gt 1 ]]
  [[ $(cairn inspect oci:layout:library:noted --json | jq -r .manifest) == "$(json .manifest)" ]]
}

@test "refuses what makes no sense" {
  with_store
  run --separate-stderr -2 cairn annotate library:2026.11 --tag library:x
  one_line_error "'annotate' needs KEY=VALUE or --remove KEY"
  run --separate-stderr -2 cairn annotate library:2026.11 a --tag library:x
  one_line_error "'a' is not NAME=VALUE"
  run --separate-stderr -1 cairn annotate library:2026.11 --remove none --tag library:x
  one_line_error "annotation 'none': the image has none of that name"
  run --separate-stderr -2 cairn annotate library:2026.11 a=1
  one_line_error "--tag"
  run --separate-stderr -2 cairn annotate library:2026.11 a=1 --tag library:x --output docker://example.org/x
  one_line_error "--output"
}
