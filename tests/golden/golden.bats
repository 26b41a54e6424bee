#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# The same tree gives the same bytes, today and in years. What to do when it does not: see tests/golden/update.

bats_require_minimum_version 1.5.0

same_as_kept() {
  diff <(grep -v '^#' "$BATS_TEST_DIRNAME/$1.txt" | for_this_machine) <("$BATS_TEST_DIRNAME/digests" "$1" | for_this_machine)
}

# Other machines have another manifest, since the config names them; their layers are the same.
for_this_machine() { if [[ $(uname -m) == x86_64 ]]; then cat; else grep -v '^manifest '; fi; }

@test "fragments and layers in zstd are what they were" { same_as_kept zstd; }
@test "fragments and layers in gzip are what they were" { same_as_kept gzip; }
@test "fragments and layers without compression are what they were" { same_as_kept none; }

@test "plain digests are the same with every codec" {
  for codec in zstd gzip none; do
    grep '^fragment' "$BATS_TEST_DIRNAME/$codec.txt" | cut -d' ' -f1-4 >"$BATS_TEST_TMPDIR/$codec"
    grep '^layer' "$BATS_TEST_DIRNAME/$codec.txt" | cut -d' ' -f3,4 >>"$BATS_TEST_TMPDIR/$codec"
  done
  cmp "$BATS_TEST_TMPDIR/zstd" "$BATS_TEST_TMPDIR/gzip"
  cmp "$BATS_TEST_TMPDIR/zstd" "$BATS_TEST_TMPDIR/none"
}
