#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# Nothing is stored twice: a store holds what its images refer to and nothing else, and a split writes it once.
#
# CAIRN: the program. CAIRN_TREE_FLAT: a tree that EasyBuild built (tests/support/easybuild/tree), if it is not to be found.

bats_require_minimum_version 1.5.0

support=$BATS_TEST_DIRNAME/../support

setup_file() {
  : "${CAIRN:?is the program to be tested}"
  [[ -n ${CAIRN_TREE_FLAT:-} ]] || CAIRN_TREE_FLAT=$("$support/easybuild/tree" flat)
  export CAIRN_TREE_FLAT
}

setup() {
  cd "$BATS_TEST_TMPDIR" || return
}

# split TREE OPTION…: into library:1; the bytes written are in the file `written`.
split() {
  "$support/written_bytes.py" written "$CAIRN" split "$1" --store store --tag library:1 --quiet "${@:2}" >digest
}

manifest() { cat "store/blobs/sha256/$(sed s/sha256:// digest)"; }

# All that the image consists of, a line each: digest, size.
parts() {
  { manifest | jq -r '.config, .layers[] | "\(.digest) \(.size)"'; printf '%s %s\n' "$(<digest)" "$(manifest | wc -c)"; } | sort -u
}

sum() { awk '{ total += $NF } END { print total }'; }

# What lies in the store beside images, such as what was read and when.
cache_bytes() { find store/cairn -type f -printf '%s\n' | sum; }

check_store() {
  local stored
  stored=$(find store/blobs -type f -printf 'sha256:%f %s\n' | sort)
  diff <(parts) <(printf '%s\n' "$stored")
}

# No more than `$1` bytes were written, but for a few percent.
wrote_no_more_than() {
  printf '%s bytes were written, %s expected\n' "$(<written)" "$1"
  (($(<written) <= $1 + $1 / 50 + 100000))
}

@test "a cold split writes each byte of an image once, and nothing else is stored" {
  split "$CAIRN_TREE_FLAT"
  check_store
  # It did write what is there, so the count counts.
  (($(<written) >= $(parts | sum)))
  wrote_no_more_than $(($(parts | sum) + $(cache_bytes)))
}

@test "without compression too" {
  /usr/bin/python3 "$support/odd_tree.py" odd
  split odd --compression none
  check_store
  wrote_no_more_than $(($(parts | sum) + $(cache_bytes)))
}

@test "another image of the same tree adds no layer, whatever it is called" {
  split "$CAIRN_TREE_FLAT"
  parts >before
  "$CAIRN" split "$CAIRN_TREE_FLAT" --store store --tag other:1 --quiet --full >digest
  diff before <(parts)
  check_store
}

@test "a split of an unchanged tree writes no layer" {
  split "$CAIRN_TREE_FLAT"
  parts >before
  split "$CAIRN_TREE_FLAT"
  diff before <(parts)
  check_store
  # The index layer and the records are made anew.
  (($(<written) < 2000000))
}

@test "what a changed unit held before is kept for the image before, and is no part of the new one" {
  /usr/bin/python3 "$support/odd_tree.py" odd
  split odd
  cp digest before
  printf 'more\n' >>odd/software/Beta/2.0/share/own
  "$support/written_bytes.py" written "$CAIRN" split odd --store store --tag library:2 --since library:1 --quiet >digest
  # Beta's layer and the index are new; all others are the same.
  [ "$(manifest | jq '.layers | length')" -ge 3 ]
  (($(<written) < 300000))
  "$CAIRN" untag library:1 --store store --quiet
  "$CAIRN" gc --grace 0 --store store --quiet
  check_store
}
