#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# Lmod says the same of a tree before it is split and of what is unpacked or poured in its place, with the library's spider cache and
# without one. Needs root (mounts) and Lmod.
#
# CAIRN: the program. CAIRN_TREE_FLAT, CAIRN_TREE_HIERARCHICAL: trees that EasyBuild built (tests/support/easybuild/tree),
# if they are not to be found.

bats_require_minimum_version 1.5.0

support=$BATS_TEST_DIRNAME/../support
libexec=/usr/share/lmod/lmod/libexec

# shellcheck source=tests/support/memory_directory.bash
. "$support/memory_directory.bash"

setup() {
  ((EUID == 0)) || skip "needs root, for mounts"
}

setup_file() {
  ((EUID == 0)) || return 0
  : "${CAIRN:?is the program to be tested}"
  [[ -n ${CAIRN_TREE_FLAT:-} ]] || CAIRN_TREE_FLAT=$("$support/easybuild/tree" flat)
  [[ -n ${CAIRN_TREE_HIERARCHICAL:-} ]] || CAIRN_TREE_HIERARCHICAL=$("$support/easybuild/tree" hierarchical)
  export CAIRN_TREE_FLAT CAIRN_TREE_HIERARCHICAL
  memory_directory "$BATS_FILE_TMPDIR/memory"
  cd "$BATS_FILE_TMPDIR/memory" || return

  local variant
  for variant in flat hierarchical; do
    use "$variant"
    "$CAIRN" split "$tree" --store store --tag "$variant:1" --quiet >/dev/null
    "$CAIRN" unpack "$variant:1" "$variant" --store store --quiet
    "$CAIRN" populate "$variant:1" "$variant.volume" --store store --quiet >/dev/null
    list_modules
    # What Lmod makes of the tree itself, without a cache and with one of its own.
    "$support/lmod_says" "$modulepath" "$variant.modules" >"$variant.before"
    "$libexec/update_lmod_system_cache_files" -d "$PWD/$variant.cache" -t "$PWD/$variant.cache/timestamp" "$modulepath" 2>&1
    printf 'scDescriptT = { { dir = "%s", timestamp = "%s/timestamp" } }\n' "$PWD/$variant.cache" "$PWD/$variant.cache" >"$variant.rc.lua"
    "$support/lmod_says" "$modulepath" "$variant.modules" "$variant.rc.lua" >"$variant.before-cached"
  done
}

teardown_file() {
  forget_directory "$BATS_FILE_TMPDIR/memory"
}

# use VARIANT: set $tree, its $modulepath, and $unpacked, which looks like it.
use() {
  variant=$1
  memory=$BATS_FILE_TMPDIR/memory
  if [[ $variant == flat ]]; then
    tree=$CAIRN_TREE_FLAT
    modulepath=$tree/modules/all
  else
    tree=$CAIRN_TREE_HIERARCHICAL
    modulepath=$tree/modules/all/Core
  fi
  unpacked=$memory/$variant$tree
  [[ ${shape:-} != volume ]] || unpacked=$memory/$variant.volume
}

# Those that library.json names: `Compiler/GCC/12.2.0` is seen when GCC/12.2.0 is loaded.
list_modules() {
  jq -r '.units[].modules[]? | ((.modulepath | capture("/Compiler/(?<of>.*)$").of + " ") // "") + .name' \
    "$unpacked/.cairn/library.json" >"$variant.modules"
  [ "$(wc -l <"$variant.modules")" -gt 8 ]
}

# instead COMMAND…: run it where the unpacked tree is in the place of the original.
instead() {
  # shellcheck disable=SC2016  # for the inner shell
  unshare --mount --propagation private bash -c 'mount --bind "$0" "$1" && exec "${@:2}"' "$unpacked" "$tree" "$@"
}

same() {
  diff "$1" "$2" >"$BATS_TEST_TMPDIR/diff" || {
    head -n 30 "$BATS_TEST_TMPDIR/diff" | cut -c 1-300
    return 1
  }
}

check_uncached() {
  use "$1"
  instead "$support/lmod_says" "$modulepath" "$memory/$variant.modules" >"$BATS_TEST_TMPDIR/after"
  same "$memory/$variant.before" "$BATS_TEST_TMPDIR/after"
}

check_cached() {
  use "$1"
  instead "$support/lmod_says" "$modulepath" "$memory/$variant.modules" "$tree/.cairn/lmod/lmodrc.lua" >"$BATS_TEST_TMPDIR/after"
  same "$memory/$variant.before-cached" "$BATS_TEST_TMPDIR/after"
  # Lmod's cache loses an empty line of a module's help, be it ours or its own.
  same <(grep -v '^ *$' "$memory/$variant.before") <(grep -v '^ *$' "$BATS_TEST_TMPDIR/after")
}

check_spider() {
  use "$1"
  local form
  for form in jsonSoftwarePage spider-json; do
    "$libexec/spider" -o $form "$modulepath" >"$BATS_TEST_TMPDIR/before"
    instead "$libexec/spider" -o $form "$modulepath" >"$BATS_TEST_TMPDIR/after"
    # Lists and keys come in another order each time.
    for file in before after; do
      jq --sort-keys 'walk(if type == "array" then sort else . end)' "$BATS_TEST_TMPDIR/$file" >"$BATS_TEST_TMPDIR/$file.json"
    done
    [ "$(jq length "$BATS_TEST_TMPDIR/before.json")" -gt 4 ]
    same "$BATS_TEST_TMPDIR/before.json" "$BATS_TEST_TMPDIR/after.json"
  done
  env -i PATH=/usr/bin:/bin HOME="$BATS_TEST_TMPDIR" LC_ALL=C.UTF-8 LMOD_TERM_WIDTH=80 "$libexec/spider" -o spiderT "$modulepath" |
    cmp - "$unpacked/.cairn/lmod/spiderT.lua"
}

# Ask for a module that is nowhere but in a changed copy of the cache.
check_used() {
  use "$1"
  local cache=$unpacked/.cairn/lmod/spiderT.lua
  cp --preserve=timestamps "$cache" "$BATS_TEST_TMPDIR/spiderT.lua"
  sed -i 's,uthash/2\.3\.0,uthash/9.9.9,g' "$cache"
  touch --reference="$BATS_TEST_TMPDIR/spiderT.lua" "$cache"
  printf 'uthash/9.9.9\n' >"$BATS_TEST_TMPDIR/modules"
  instead "$support/lmod_says" "$modulepath" "$BATS_TEST_TMPDIR/modules" "$tree/.cairn/lmod/lmodrc.lua" >"$BATS_TEST_TMPDIR/with"
  instead "$support/lmod_says" "$modulepath" "$BATS_TEST_TMPDIR/modules" >"$BATS_TEST_TMPDIR/without"
  cp --preserve=timestamps "$BATS_TEST_TMPDIR/spiderT.lua" "$cache"
  awk '/^== / { asked = $0 } asked == "== spider uthash/9.9.9"' "$BATS_TEST_TMPDIR/with" | grep -F 'uthash: uthash/9.9.9'
  awk '/^== / { asked = $0 } asked == "== avail"' "$BATS_TEST_TMPDIR/with" | grep -F 'uthash/9.9.9'
  ! grep -F 'uthash: uthash/9.9.9' "$BATS_TEST_TMPDIR/without"
}

# What a comparison is worth: the report does speak of every module, and of its environment.
check_report() {
  use "$1"
  local name
  while read -r name; do
    grep -qF "== load $name" "$memory/$variant.before"
  done <"$memory/$variant.modules"
  grep -q '^LOADEDMODULES=uthash/2.3.0' "$memory/$variant.before"
  grep -q "^EBROOTUTHASH=$tree/software/uthash/2.3.0$" "$memory/$variant.before"
  ! grep -iE 'lua error|unable to load|unknown|traceback' "$memory/$variant.before"
}

@test "the report speaks of every module of a flat tree" { check_report flat; }
@test "Lmod says the same of a flat tree without cache" { check_uncached flat; }
@test "Lmod says the same of a flat tree with the library's cache" { check_cached flat; }
@test "spider finds the same in a flat tree, and what the library's cache holds" { check_spider flat; }
@test "the cache of a flat tree is used" { check_used flat; }

@test "the report speaks of every module of a hierarchical tree" { check_report hierarchical; }
@test "Lmod says the same of a hierarchical tree without cache" { check_uncached hierarchical; }
@test "Lmod says the same of a hierarchical tree with the library's cache" { check_cached hierarchical; }
@test "spider finds the same in a hierarchical tree, and what the library's cache holds" { check_spider hierarchical; }
@test "the cache of a hierarchical tree is used" { check_used hierarchical; }

@test "Lmod says the same of a volume with a flat tree, without cache" { shape=volume check_uncached flat; }
@test "Lmod says the same of a volume with a flat tree, with the library's cache" { shape=volume check_cached flat; }
@test "Lmod says the same of a volume with a hierarchical tree, without cache" { shape=volume check_uncached hierarchical; }
@test "Lmod says the same of a volume with a hierarchical tree, with the library's cache" { shape=volume check_cached hierarchical; }
