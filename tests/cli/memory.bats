#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# At most 200 MiB of memory and few open files, whatever the tree.

# bats and support.bash set variables.
# shellcheck disable=SC2154
load support

limit_kib=$((200 * 1024))

setup_file() { clean_environment; }

setup() {
  clean_environment
  export HOME=$BATS_TEST_TMPDIR/home
  mkdir -p "$HOME"
  cd "$BATS_TEST_TMPDIR" || return
  CAIRN=${RELEASE_CAIRN:-$CAIRN}  # tools/test builds it beside the sanitized one
  if grep -q __asan_init "$CAIRN" || grep -q __tsan_init "$CAIRN"; then sanitized=1; fi
}

teardown() { rm -rf "$BATS_TEST_TMPDIR/tree" "$BATS_TEST_TMPDIR/store"; }

# measured ARGUMENT…: cairn, which must succeed within the limit.
measured() {
  /usr/bin/time -f %M -o peak "$CAIRN" "$@" --quiet >/dev/null
  echo "# $1: $(($(<peak) / 1024)) MiB" >&3
  [[ $(<peak) -le $limit_kib ]]
}

@test "a file of 5 GB is split, validated and split again in 200 MiB" {
  [[ -z ${sanitized-} ]] || skip "a sanitized program takes more; the release build is measured"
  mkdir -p tree/software/Large/1/easybuild
  truncate -s 5G tree/software/Large/1/sparse
  measured split tree --tag library:1 --store store --jobs 8
  measured validate library:1 --store store --jobs 8
  measured split tree --tag library:1 --store store --jobs 8 --full
}

@test "an image of 5 GB is flattened, appended to, and a part of it baked in 200 MiB" {
  [[ -z ${sanitized-} ]] || skip "a sanitized program takes more; the release build is measured"
  local name
  for name in Large Small; do
    mkdir -p "tree/software/$name/1/easybuild" tree/modules/all/$name
    printf 'local root = "%s/software/%s/1"\n' "$PWD/tree" $name >tree/modules/all/$name/1.lua
  done
  truncate -s 5G tree/software/Large/1/sparse
  "$CAIRN" split tree --tag library:1 --store store --layers 2 --quiet >/dev/null  # both modules in one layer
  measured bake library:1 --library library:1 --module Large/1 --tag part:1 --store store --jobs 8
  measured flatten part:1 --tag flat:1 --store store --jobs 8
  measured append flat:1 tree --tag more:1 --store store --jobs 8
  measured flatten more:1 --tag flat:2 --store store --jobs 8
}

@test "bytes that do not compress are split with any codec in 200 MiB" {
  [[ -z ${sanitized-} ]] || skip "a sanitized program takes more; the release build is measured"
  mkdir -p tree/software/Noise/1/easybuild
  openssl enc -aes-128-ctr -nosalt -pass pass:x -pbkdf2 -in /dev/zero 2>/dev/null | head -c 200000000 >tree/software/Noise/1/noise
  for codec in zstd gzip none; do measured split tree --tag "$codec:1" --store store --jobs 16 --compression "$codec"; done
  truncate -s 40000000 tree/software/Noise/1/noise
  for level in 9 15 19; do measured split tree --tag "best:$level" --store store --jobs 16 --level "$level"; done
  measured split tree --tag gzip:12 --store store --jobs 16 --compression gzip --level 12
}

@test "200,000 small files are split and split again in 200 MiB" {
  [[ -z ${sanitized-} ]] || skip "a sanitized program takes more; the release build is measured"
  python3 - tree/software/Many/1 <<'END'
import os, sys
os.makedirs(sys.argv[1] + "/easybuild")
for directory in range(4):
    path = f"{sys.argv[1]}/some/directory/of/many/files/{directory}"
    os.makedirs(path)
    for number in range(50_000):
        with open(f"{path}/file-with-a-name-of-usual-length-{number}.txt", "w") as file:
            file.write(f"{number}\n")
END
  measured split tree --tag library:1 --store store --jobs 8
  measured split tree --tag library:1 --store store --jobs 8 --full
  measured validate library:1 --store store --jobs 8
}

@test "eight large layers at once are pushed and pulled in 200 MiB" {
  [[ -z ${sanitized-} ]] || skip "a sanitized program takes more; the release build is measured"
  load ../support/registry/registry
  start_registry "$BATS_TEST_TMPDIR/registry"
  python3 -B -c 'import pathlib, sys
sys.path.insert(0, sys.argv[1])
import registry
registry.make_image(pathlib.Path("layout"), 8, 800)' "$checkout/tests/bench"
  measured push oci:layout:bench "$registry/bench:1" --tls-verify false
  measured pull "$registry/bench:1" --tls-verify false --store store
  stop_registries
  rm -rf registry layout store
}

@test "5,000 units are split, and split again, in 200 MiB" {
  [[ -z ${sanitized-} ]] || skip "a sanitized program takes more; the release build is measured"
  python3 - "$checkout/tests/bench" tree <<'END'
import pathlib, sys
sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[1])
from library_tree import LibraryTree
LibraryTree(pathlib.Path(sys.argv[2]).resolve(), 5000, 4, 50_000_000)
END
  measured split tree --tag library:1 --store store --jobs 8
  sleep 2.1  # what changed just now is read again
  measured split tree --tag library:1 --store store --jobs 8
  for modulefile in $(find tree/modules -name '*.lua' | sort | head -n 50); do echo '-- new' >>"$modulefile"; done
  measured split tree --tag library:2 --since library:1 --store store --jobs 8
  measured diff library:1 library:2 --store store
  measured plan tree --tag library:2 --store store
}

@test "few files are open at once" {
  "$checkout/tests/support/trees/small-tree" tree
  # Deeper than the limit.
  mkdir -p "tree/software/Hello/1.0/$(printf 'd/%.0s' {1..100})"
  ulimit -n 40
  cairn split tree --tag library:1 --store store --jobs 8 --quiet
  cairn validate library:1 --store store --jobs 8 --quiet
}

@test "a stack with a wheel of 600 MiB is made in 256 MiB" {
  [[ -z ${sanitized-} ]] || skip "a sanitized program takes more; the release build is measured"
  mkdir wheels
  "$checkout/tests/support/python/make_large_wheel.py" wheels 600 >requirements.txt
  limit_kib=$((256 * 1024))
  CAIRN_WHEEL_CACHE=$PWD/cache measured python layers requirements.txt --python 3.11 --wheels wheels --tag stack:1 --store store --jobs 8
  rm -r wheels
}
