#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# As pip.bats, with a data-science stack of 185 wheels, 555 MB.

# shellcheck disable=SC2154  # bats sets variables
support=$BATS_TEST_DIRNAME/../support/python

@test "a data-science stack is what pip installs" {
  mapfile -t requirements < <(grep -v '^#' "$support/data-science.txt")
  venv=$("$support/environment")
  wheelhouse=$("$support/wheelhouse" data-science "${requirements[@]}")
  "$venv/bin/python" "$support/compare_pip.py" "$CAIRN" "$venv" "$wheelhouse" "$BATS_TEST_TMPDIR"
}
