#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0

# bats and support.bash set variables; what is quoted is for another shell or for sed.
# shellcheck disable=SC2154,SC2016
load support

@test "gives back the tree" {
  with_tree /opt/easybuild
  cairn split easybuild --tag library:1 --target /opt/easybuild --quiet
  run --separate-stderr -0 cairn unpack library:1 root
  [[ -z $output ]]
  rm -r root/opt/easybuild/.cairn
  diff -r --no-dereference easybuild root/opt/easybuild
  [[ -x root/opt/easybuild/software/Hello/1.0/bin/hello ]]
}

@test "refuses a directory that is not empty, and leaves it alone" {
  with_store
  mkdir root && touch root/mine
  run --separate-stderr -1 cairn unpack library:2026.11 root
  one_line_error "root"
  [[ $(ls root) == mine ]]
}

@test "gives a record" {
  with_store
  run --separate-stderr -0 cairn unpack library:2026.11 root --json
  [[ $(json .manifest) == "$digest" && $(json .directory) == root ]]
}
