#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0

# bats and support.bash set variables; what is quoted is for another shell or for sed.
# shellcheck disable=SC2154,SC2016
load support

@test "frees what no name reaches, and first says so" {
  with_store
  run --separate-stderr -0 cairn gc --grace 0
  [[ $output == "freed 0 blobs, 0 B" ]]
  cairn untag library:2026.11
  run --separate-stderr -0 cairn gc
  [[ $output == "freed 0 blobs, 0 B; "*" younger than 60 minutes stay (--grace 0 frees them too)" ]]
  run --separate-stderr -0 cairn gc --grace 0 --dry-run
  [[ $output == "would free "* && $output != *" 0 blobs"* ]]
  cairn inspect "$digest" >/dev/null
  run --separate-stderr -0 cairn gc --grace 0 --json
  [[ $(json .blobs) -gt 0 && $(json .dry_run) == false ]]
  run --separate-stderr -1 cairn inspect "$digest"
}
