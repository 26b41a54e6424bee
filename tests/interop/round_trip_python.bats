#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# Python's bytecode is valid after a round trip, whatever happened to modification times, so that nobody compiles again.
#
# CAIRN: the program. CAIRN_TREE_FLAT: a tree that EasyBuild built (tests/support/easybuild/tree), if it is not to be found.

bats_require_minimum_version 1.5.0

support=$BATS_TEST_DIRNAME/../support

# shellcheck source=tests/support/memory_directory.bash
. "$support/memory_directory.bash"

setup_file() {
  : "${CAIRN:?is the program to be tested}"
  local tree=${CAIRN_TREE_FLAT:-}
  [[ -n $tree ]] || tree=$("$support/easybuild/tree" flat)
  memory_directory "$BATS_FILE_TMPDIR/memory"
  cd "$BATS_FILE_TMPDIR/memory" || return
  "$CAIRN" split "$tree" --store store --tag flat:1 --quiet >/dev/null
  "$CAIRN" unpack flat:1 root --store store --quiet
  export unpacked=$PWD/root$tree
  find "$unpacked" -exec touch --no-dereference {} +
}

teardown_file() {
  forget_directory "$BATS_FILE_TMPDIR/memory"
}

# run_python OPTION… -c IMPORTS, with the modules PyTools, numpy and EasyBuild on its path.
run_python() {
  local path
  path=$(printf '%s:' "$unpacked"/software/{PyTools,numpy,EasyBuild}/*/lib/python3.*/site-packages)
  env -i PATH=/usr/bin:/bin HOME="$BATS_TEST_TMPDIR" PYTHONPATH="$path" /usr/bin/python3 -s "$@"
}

imports='import numpy, numpy.linalg, numpy.random, numpy.testing, click, easybuild.main, easybuild.easyblocks.generic.configuremake'

# compiled FILE: the modules that were compiled from source, as `python -v` says in FILE.
compiled() {
  grep -E "bytecode is stale|^# wrote|^# code object from '?/.*\.py'?\$" "$1" | grep -F "$unpacked" || true
}

@test "no bytecode is stale after every modification time was changed" {
  run_python -v -c "$imports" 2>"$BATS_TEST_TMPDIR/log"
  run compiled "$BATS_TEST_TMPDIR/log"
  [ -z "$output" ]
  # The modules did come from the tree, and by their bytecode.
  [ "$(grep -cE "^# $unpacked/software/.*\.pyc matches " "$BATS_TEST_TMPDIR/log")" -gt 200 ]
}

@test "bytecode is accepted where Python is told to check its hash" {
  run_python -v --check-hash-based-pycs always -c "$imports" 2>"$BATS_TEST_TMPDIR/log"
  run compiled "$BATS_TEST_TMPDIR/log"
  [ -z "$output" ]
}

@test "the hash in all bytecode is the one of its source" {
  run_python - "$unpacked" <<'END'
import importlib.util, pathlib, sys
count = 0
for cached in pathlib.Path(sys.argv[1]).rglob("__pycache__/*.cpython-311*.pyc"):
    source = pathlib.Path(importlib.util.source_from_cache(cached)).read_bytes()
    header = cached.read_bytes()[:16]
    assert header == importlib.util.MAGIC_NUMBER + b"\1\0\0\0" + importlib.util.source_hash(source), cached
    count += 1
assert count > 1000, count
END
}

@test "a wrong hash would have been seen" {
  local cached
  cached=$(find "$unpacked"/software/PyTools -path '*/click/__pycache__/core.*.pyc')
  printf x | dd of="$cached" bs=1 seek=8 conv=notrunc status=none
  run_python -v --check-hash-based-pycs always -c 'import click' 2>"$BATS_TEST_TMPDIR/log"
  run compiled "$BATS_TEST_TMPDIR/log"
  [[ $output == *click/core.py* ]]
}
