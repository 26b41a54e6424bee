#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# A tree that was split and is unpacked by somebody else is the tree that it was, up to what docs/formats/normalisation.md
# says: by cairn, buildah, umoci, containerd, and by a second reader that was made from docs/formats alone. Needs root
# (mounts).
#
# CAIRN: the program. CAIRN_TREE_FLAT: a tree that EasyBuild built (tests/support/easybuild/tree), if it is not to be found.

bats_require_minimum_version 1.5.0

support=$BATS_TEST_DIRNAME/../support
# shellcheck source=tests/support/memory_directory.bash
. "$support/memory_directory.bash"

# Where the odd tree is seen; elsewhere than it is.
odd_target=/opt/odd

# Debian's, whose import machinery makes the hashes of bytecode for the Python that EasyBuild used.
python() { /usr/bin/python3 "$@"; }

setup_file() {
  ((EUID == 0)) || skip "needs root, for mounts"
  : "${CAIRN:?is the program to be tested}"
  [[ -n ${CAIRN_TREE_FLAT:-} ]] || CAIRN_TREE_FLAT=$("$support/easybuild/tree" flat)
  export CAIRN CAIRN_TREE_FLAT
  umask 022
  memory_directory "$BATS_FILE_TMPDIR/memory"
  cd "$BATS_FILE_TMPDIR/memory" || return

  # Three releases, each made from the one before. Few layers, so that units that stay and units that go share them.
  local release codec tree
  for release in 1 2 3; do
    python "$support/odd_tree.py" odd$release "$odd_target" $release
    for codec in zstd gzip; do split odd$release $codec; done
  done
  split odd1 none
  # Few layers: the storage of buildah and containerd copies all that lies below at each.
  split flat zstd --layers 3
  split flat gzip --layers 3
  for tree in odd1 odd2 odd3 flat; do
    read_library "$tree" zstd document >"$tree.json"
    python "$support/normalise.py" original "$(tree_of "$tree")" --library "$tree.json" >"$tree.expected"
  done
}

teardown_file() {
  forget_directory "$BATS_FILE_TMPDIR/memory"
}

tree_of() { if [[ $1 == flat ]]; then printf '%s\n' "$CAIRN_TREE_FLAT"; else printf '%s\n' "$BATS_FILE_TMPDIR/memory/$1"; fi; }
target_of() { if [[ $1 == flat ]]; then printf '%s\n' "$CAIRN_TREE_FLAT"; else printf '%s\n' "$odd_target"; fi; }

# split TREE CODEC OPTION…: into the image TREE:CODEC of the store.
split() {
  local options=(--compression "$2" --target "$(target_of "$1")" "${@:3}")
  case $1 in
    odd1) options+=(--layers 4) ;;
    odd2) options+=(--layers 4 --since "odd1:$2") ;;
    odd3) options+=(--layers 4 --since "odd2:$2") ;;
  esac
  "$CAIRN" split "$(tree_of "$1")" --store "$BATS_FILE_TMPDIR/memory/store" --tag "$1:$2" --quiet "${options[@]}" >/dev/null
}

# archive NAME:TAG: print the path of an archive of that image.
archive() {
  local file=$BATS_FILE_TMPDIR/memory/archive.tar
  split "${1%:*}" "${1#*:}" --output "oci-archive:$file:$1"
  printf '%s\n' "$file"
}

read_library() { python "$support/reader/read_library.py" "$BATS_FILE_TMPDIR/memory/store" "$1:$2" "${@:3}"; }

# The lines on stdin are those of the tree.
is_tree() {
  cat >"$BATS_TEST_TMPDIR/found"
  diff "$BATS_FILE_TMPDIR/memory/$1.expected" "$BATS_TEST_TMPDIR/found" >"$BATS_TEST_TMPDIR/diff" || {
    head -n 10 "$BATS_TEST_TMPDIR/diff" | cut -c 1-400
    return 1
  }
}

# as TOOL TREE CODEC
as() {
  local layout=$BATS_FILE_TMPDIR/memory/store
  [[ $1 != containerd ]] || layout=$(archive "$2:$3")
  "$support/list_as" "$1" "$layout" "$2:$3" "$(target_of "$2")" 2>"$BATS_TEST_TMPDIR/log" | is_tree "$2" || {
    tail -n 20 "$BATS_TEST_TMPDIR/log"
    return 1
  }
}

@test "cairn unpacks an EasyBuild tree as it was" { as cairn flat zstd; as cairn flat gzip; }
@test "buildah unpacks an EasyBuild tree of zstd layers as it was" { as buildah flat zstd; }
@test "buildah unpacks an EasyBuild tree of gzip layers as it was" { as buildah flat gzip; }
@test "umoci unpacks an EasyBuild tree as it was" { as umoci flat gzip; }
@test "containerd unpacks an EasyBuild tree of zstd layers as it was" { as containerd flat zstd; }
@test "a second reader finds an EasyBuild tree as it was, unit by unit" { read_library flat zstd list | is_tree flat; }

# as_odd TOOL: every release of the odd tree, in every form that the tool reads.
as_odd() {
  local release
  for release in 1 2 3; do
    [[ $1 == umoci ]] || as "$1" odd$release zstd
    as "$1" odd$release gzip
  done
  as "$1" odd1 none
}

@test "cairn unpacks odd things as they were" { as_odd cairn; }
@test "buildah unpacks odd things as they were" { as_odd buildah; }
@test "umoci unpacks odd things as they were" { as_odd umoci; }
@test "containerd unpacks odd things as they were" { as_odd containerd; }
@test "a second reader finds odd things as they were, unit by unit" {
  for release in 1 2 3; do
    for codec in zstd gzip; do read_library odd$release $codec list | is_tree odd$release; done
  done
  read_library odd1 none list | is_tree odd1
}

@test "releases of the odd tree have dead bytes, whiteouts of both kinds, and what was rewritten" {
  local memory=$BATS_FILE_TMPDIR/memory
  [ "$(jq -r '[.layers[].fragments[] | select(.live == false).unit] | join(" ")' "$memory/odd2.json")" = \
    "Beta/2.0 Delta/1.0 Gamma/3.0 data/Alpha rest" ]
  [ "$(jq -r '[.layers[].opaque[]?] | join(" ")' "$memory/odd2.json")" = \
    "data/Alpha/object_storage ebfiles_repo/Calm ebfiles_repo/Last empty etc software/Beta/2.0" ]
  jq -e '[.layers[].fragments[] | select(.live == false)] == []' "$memory/odd3.json"
  # Alpha is the largest, and lies where it lay.
  jq -s -e '(.[0].layers[0].digest == .[1].layers[0].digest) and (.[0].layers[0].digest == .[2].layers[0].digest)' \
    "$memory"/odd[123].json
}

@test "every layer is made as docs/formats says" {
  for codec in zstd gzip; do
    for tree in odd1 odd2 odd3 flat; do read_library $tree $codec check; done
  done
  read_library odd1 none check
}

@test "what is left out is what docs/formats says" {
  for tree in odd1 flat; do
    python "$support/normalise.py" dropped "$(tree_of "$tree")" >"$BATS_TEST_TMPDIR/expected"
    [ -s "$BATS_TEST_TMPDIR/expected" ]
    jq -r '.dropped[]' "$BATS_FILE_TMPDIR/memory/$tree.json" | diff "$BATS_TEST_TMPDIR/expected" -
  done
}

@test "the odd tree has the units that docs/formats says" {
  jq -r '.layers[].fragments[] | .unit + ":", "  " + .roots[]' "$BATS_FILE_TMPDIR/memory/odd1.json" |
    awk '/:$/ { unit = $0; next } { print unit $0 }' | sort | diff - /dev/fd/3 3<<'END'
Alpha/1.0:  ebfiles_repo/Alpha/Alpha-1.0.eb
Alpha/1.0:  modules/all/Alpha/1.0.lua
Alpha/1.0:  modules/tools/Alpha/1.0.lua
Alpha/1.0:  software/Alpha/1.0/
Beta/2.0:  ebfiles_repo/Beta/Beta-2.0.eb
Beta/2.0:  modules/all/Beta/2.0.lua
Beta/2.0:  modules/tools/Beta/2.0.lua
Beta/2.0:  software/Beta/2.0/
Calm/1.0:  modules/all/Calm/1.0.lua
Calm/1.0:  modules/tools/Calm/1.0.lua
Calm/1.0:  software/Calm/1.0/
Delta/1.0:  modules/all/Delta/1.0.lua
Delta/1.0:  modules/tools/Delta/1.0.lua
Delta/1.0:  software/Delta/1.0/
Gamma/3.0:  ebfiles_repo/Gamma/Gamma-3.0.eb
Gamma/3.0:  modules/all/Gamma/3.0.lua
Gamma/3.0:  modules/tools/Gamma/3.0.lua
Gamma/3.0:  software/Gamma/3.0/
Last/1.0:  modules/all/Last/1.0.lua
Last/1.0:  modules/tools/Last/1.0.lua
Last/1.0:  software/Last/1.0/
data/Alpha:  data/Alpha/object_storage/
rest:  README
rest:  current
rest:  ebfiles_repo/Calm/
rest:  ebfiles_repo/Delta/
rest:  ebfiles_repo/Last/
rest:  empty/
rest:  etc/
rest:  private/
END
}
