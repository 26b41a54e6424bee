#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# As pip.bats, for twenty stacks of what people use (tests/support/python/stacks.txt), 1.6 GB of wheels. What cairn made is then put in the
# place of what pip installed, and every module that the packages bring is imported there.

# shellcheck disable=SC2154  # bats sets variables
support=$BATS_TEST_DIRNAME/../support/python

@test "twenty stacks are what pip installs, consistent, and can be imported" {
  venv=$("$support/environment")
  failed=()
  while read -r name requirements; do
    [[ $name != '#' ]] || continue
    # shellcheck disable=SC2086  # words
    wheelhouse=$("$support/wheelhouse" "stack-$name" $requirements)
    echo "$name:"
    "$venv/bin/python" "$support/compare_pip.py" --import "$CAIRN" "$venv" "$wheelhouse" "$BATS_TEST_TMPDIR" || failed+=("$name")
  done <"$support/stacks.txt"
  echo "failed: ${failed[*]:-none}"
  ((${#failed[@]} == 0))
}
