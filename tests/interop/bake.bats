#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# A library that EasyBuild built, baked into a Debian with Lmod: modules are listed, loaded and run in the image; a part shows
# that part alone; other tools read the results. Needs root (chroot, mmdebstrap).
#
# CAIRN: the program. CAIRN_TREE_FLAT, CAIRN_TREE_HIERARCHICAL: trees that EasyBuild built (tests/support/easybuild/tree), if they
# are not to be found.

bats_require_minimum_version 1.5.0

support=$BATS_TEST_DIRNAME/../support
# shellcheck source=tests/support/memory_directory.bash
. "$support/memory_directory.bash"

setup() {
  ((EUID == 0)) || skip "needs root, for chroot"
  cd "$BATS_FILE_TMPDIR/memory" || return
}

cairn() { "$CAIRN" "$@" --store "$BATS_FILE_TMPDIR/memory/store" --quiet; }

buildah() {
  command buildah --storage-driver vfs --root "$BATS_FILE_TMPDIR/memory/storage" --runroot "$BATS_FILE_TMPDIR/memory/run" "$@"
}

setup_file() {
  ((EUID == 0)) || return 0
  : "${CAIRN:?is the program to be tested}"
  [[ -n ${CAIRN_TREE_FLAT:-} ]] || CAIRN_TREE_FLAT=$("$support/easybuild/tree" flat)
  export CAIRN CAIRN_TREE_FLAT
  umask 022
  base=$("$support/lmod-base")
  memory_directory "$BATS_FILE_TMPDIR/memory"
  cd "$BATS_FILE_TMPDIR/memory" || return
  # gzip: umoci of Debian 12 reads no zstd. Few layers: those of a part must be copied out of them.
  cairn split "$CAIRN_TREE_FLAT" --tag library:1 --compression gzip --layers 4 >/dev/null
  cairn bake "oci:$base:base:lmod" --library library:1 --tag whole:1 >/dev/null
  cairn bake "oci:$base:base:lmod" --library library:1 --module seqtk --module numpy --tag part:1 --json >part.json
  cairn unpack whole:1 whole
  cairn unpack part:1 part
}

teardown_file() {
  if [[ -d $BATS_FILE_TMPDIR/memory/storage ]]; then buildah rm --all >/dev/null; fi
  forget_directory "$BATS_FILE_TMPDIR/memory"
}

# inside ROOT IMAGE COMMAND: in a shell with the image's environment and nothing else, as a container starts.
inside() {
  local variables=()
  mapfile -t variables < <(cairn inspect "$2" --json | jq -r '.config.env[]')
  env -i "${variables[@]}" HOME=/root LMOD_PAGER=none LMOD_COLORIZE=no chroot "$PWD/$1" /bin/bash -c ". /usr/share/lmod/lmod/init/bash; $3" 2>&1
}

# What a library's modules are called, hidden ones left out.
names() { cairn modules "$1" --json | jq -r '.modules[] | select(.hidden | not) | .name' | sort -u; }
avail() { inside "$1" "$2" 'module -t avail' | grep -v -e '/$' -e ':$' | sed 's/(.*//' | grep / | sort -u; }

listed() { (cd "$1" && find . -mindepth 1 ! -type d ! -path ./dev/null -printf '%P %y %m %U %G %T@ %n %l\n' | sort); }

@test "every module of the library is listed in the image" {
  diff <(names library:1) <(avail whole whole:1 | grep -Fxf <(names library:1))
  [[ $(names library:1 | wc -l) -gt 20 ]]
}

@test "a module is loaded with what it needs, and its program runs" {
  # seqtk is linked with the library of its dependency.
  run inside whole whole:1 'module load seqtk && module -t list && command -v seqtk && printf ">a\nACGT\n" | seqtk seq -r'
  [[ $status == 0 && $output == *zlib/* && $output == *"$CAIRN_TREE_FLAT/software/seqtk/"* && ${lines[-1]} == ACGT ]]
}

@test "a part has the modules asked for, what they need, and nothing else" {
  [[ $(jq .new_layers part.json) -ge 2 ]]
  diff <(cairn modules closure library:1 seqtk numpy --json | jq -r '.units[].name' | sort) <(cairn modules part:1 --json | jq -r '.modules[].unit' | sort -u)
  diff <(names part:1) <(avail part part:1 | grep -v '^lmod\|^settarg')
  run inside part part:1 'module load seqtk && printf ">a\nACGT\n" | seqtk seq -r'
  [[ $status == 0 && ${lines[-1]} == ACGT ]]
  run inside part part:1 'module load BWA'
  [[ $output == *unknown* ]]
  [[ ! -e part$CAIRN_TREE_FLAT/software/BWA ]]
}

@test "spider shows the part only, from the cache that the image carries" {
  local cache=part$CAIRN_TREE_FLAT/.cairn/lmod/spiderT.lua
  run inside part part:1 'module -t spider'
  [[ $status == 0 && $output == *seqtk* && $output == *numpy* && $output != *BWA* && $output != *gflags* ]]
  # The cache is what Lmod itself makes of the part.
  inside part part:1 "/usr/share/lmod/lmod/libexec/spider -o spiderT $CAIRN_TREE_FLAT/modules/all" >lmod.cache
  diff lmod.cache "$cache"
  # And it is used: a module that only the cache knows is found.
  cp --preserve=timestamps "$cache" kept
  sed -i 's,seqtk,seqtc,g' "$cache"
  touch --reference=kept "$cache"
  run inside part part:1 'module -t spider seqtc'
  cp --preserve=timestamps kept "$cache"
  [[ $output == *seqtc/* ]]
}

@test "a login shell has the modules too" {
  local variables=()
  mapfile -t variables < <(cairn inspect part:1 --json | jq -r '.config.env[]')
  run env -i "${variables[@]}" HOME=/root chroot "$PWD/part" /bin/bash -lc 'module load seqtk && command -v seqtk'
  [[ $status == 0 && $output == *"$CAIRN_TREE_FLAT/software/seqtk/"* ]]
}

@test "a baked image is the library unpacked over the base" {
  cairn unpack "oci:$("$support/lmod-base"):base:lmod" base
  cairn unpack library:1 library
  mkdir -p "base$CAIRN_TREE_FLAT"
  cp -a "library$CAIRN_TREE_FLAT/." "base$CAIRN_TREE_FLAT"
  # What runs in the other tests leaves a dev/null.
  diff <(listed base) <(listed whole)
  diff --recursive --no-dereference --brief "base$CAIRN_TREE_FLAT" "whole$CAIRN_TREE_FLAT"
}

@test "the same bake gives the same digest" {
  local base
  base=$("$support/lmod-base")
  [[ $(cairn bake "oci:$base:base:lmod" --library library:1 --module numpy --module seqtk --tag again:1 --jobs 1) == $(jq -r .manifest part.json) ]]
}

@test "skopeo, umoci and buildah read a baked part" {
  cairn validate part:1
  # The reader that was made from docs/formats alone.
  /usr/bin/python3 "$support/reader/read_library.py" store part:1 check
  /usr/bin/python3 "$support/reader/read_library.py" store whole:1 check
  skopeo inspect "oci:store:part:1" | jq -e '.Env | any(startswith("MODULEPATH="))'
  skopeo copy --quiet oci:store:part:1 dir:copied
  umoci raw unpack --image store:part:1 umoci
  diff --recursive --no-dereference --brief "part$CAIRN_TREE_FLAT" "umoci$CAIRN_TREE_FLAT"
  local container
  container=$(buildah from --quiet oci:store:part:1)
  run buildah run --isolation chroot "$container" -- bash -lc 'module load seqtk && printf ">a\nACGT\n" | seqtk seq -r'
  [[ $status == 0 && ${lines[-1]} == ACGT ]]
}

@test "a part of a hierarchy can be reached" {
  [[ -n ${CAIRN_TREE_HIERARCHICAL:-} ]] || CAIRN_TREE_HIERARCHICAL=$("$support/easybuild/tree" hierarchical)
  cairn split "$CAIRN_TREE_HIERARCHICAL" --tag hierarchy:1
  cairn bake "oci:$("$support/lmod-base"):base:lmod" --library hierarchy:1 --module zlib --tag zlib:1
  cairn unpack zlib:1 zlib
  # shellcheck disable=SC2016  # for the shell inside
  run inside zlib zlib:1 'module -t spider && module load GCCcore && module load zlib && test -e "$EBROOTZLIB/lib/libz.so" && echo reached'
  [[ ${lines[-1]} == reached && $output == *zlib/* && $output != *bzip2* ]]
}

@test "rebase, append, mutate and flatten keep a baked image working" {
  local base
  base=$("$support/lmod-base")
  cairn mutate "oci:$base:base:lmod" --env LANG=C --label release=2 --tag base:new
  cairn rebase part:1 --old-base "oci:$base:base:lmod" --new-base base:new --tag rebased:1
  cairn validate rebased:1
  mkdir -p site
  echo site >site/motd
  cairn append rebased:1 site --target /etc/site --tag appended:1
  [[ $(cairn modules appended:1) == "$(cairn modules part:1)" ]]
  cairn mutate appended:1 --cmd bash --cmd -l --tag mutated:1
  cairn flatten mutated:1 --tag flat:1
  cairn validate flat:1
  cairn unpack mutated:1 mutated
  cairn unpack flat:1 flat
  diff --recursive --no-dereference --brief mutated flat
  diff <(listed mutated) <(listed flat)
  diff <(cd mutated && find . -mindepth 1 -type d -printf '%P %m %U %G %T@\n' | sort) <(cd flat && find . -mindepth 1 -type d -printf '%P %m %U %G %T@\n' | sort)
  run inside flat flat:1 'module load seqtk && printf ">a\nACGT\n" | seqtk seq -r'
  [[ ${lines[-1]} == ACGT ]]
}
