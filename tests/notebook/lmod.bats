#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# The layer `lmod` over a Debian with Lmod: what shells know, that PATH stays, that a library's spider cache is used, and that
# modules which need other hardware are hidden and explained. Needs root (mounts, chroot, mmdebstrap).
#
# CAIRN: the program.

bats_require_minimum_version 1.5.0

support=$BATS_TEST_DIRNAME/../support
layer=$BATS_TEST_DIRNAME/../../layers/lmod
# shellcheck source=tests/support/memory_directory.bash
. "$support/memory_directory.bash"

setup_file() {
  ((EUID == 0)) || return 0
  : "${CAIRN:?is the program to be tested}"
  local name base
  memory_directory "$BATS_FILE_TMPDIR/memory"
  cd "$BATS_FILE_TMPDIR/memory" || return
  base=$("$support/lmod-base")
  "$CAIRN" unpack "oci:$base:base:lmod" root --quiet
  # What the layer's step does.
  cp -R "$layer/etc/." root/etc
  for name in BLAS/1.0 BLAS/1.0-avx512 CuPy/13 Plain/1; do
    mkdir -p "tree/modules/all/${name%/*}"
    printf 'whatis("Description: %s")\nprepend_path("PATH", "/opt/apps/easybuild/software/%s/bin")\n' "$name" "$name" >"tree/modules/all/$name.lua"
  done
  printf 'requires:\n  BLAS/1.0-avx512: {cpu: x86-64-v4}\n  CuPy: {gpu: nvidia}\n' >tree/library.yaml
  "$CAIRN" split tree --target /opt/apps/easybuild --store store --tag library:1 --quiet >/dev/null
  "$CAIRN" unpack library:1 library --store store --quiet
  cp -a library/opt/apps root/opt
}

setup() {
  ((EUID == 0)) || skip "needs root, for chroot"
  cd "$BATS_FILE_TMPDIR/memory" || return
}

teardown_file() { forget_directory "$BATS_FILE_TMPDIR/memory"; }

# inside VARIABLE=VALUE… COMMAND…: with the layer's environment, as a random user.
inside() {
  local variables=(--env HOME=/tmp --env LANG=C.UTF-8 --env PATH=/usr/local/bin:/usr/bin:/bin --env LMOD_COLORIZE=no) line
  while IFS= read -r line; do variables+=(--env "$line"); done < <(
    python3 - "$layer/layer.yaml" <<'END'
import re, sys
env = re.search(r'^env:\n((?:  .*\n)+)', open(sys.argv[1]).read(), re.M)[1]
for name, value in re.findall(r'^  (\w+): "?(.*?)"?$', env, re.M):
    print(f'{name}={value}')
END
  )
  while [[ $1 =~ ^[A-Z_]+= ]]; do
    variables+=(--env "$1")
    shift
  done
  "$BATS_TEST_DIRNAME/container" root --user 1000720000 "${variables[@]}" "$@"
}

@test "scripts know module" {
  run inside bash -euc 'module load Plain && module -t list 2>&1'
  [[ $status == 0 && $output == Plain/1 ]]
}

@test "login shells and interactive ones see what was loaded before them, and PATH stays" {
  # shellcheck disable=SC2016  # for the inner shell
  run inside bash -c 'module load Plain; bash -lc "module -t list 2>&1; echo \$PATH"; bash -ic "module -t list 2>&1; echo \$PATH" 2>/dev/null'
  [[ $status == 0 ]]
  [[ ${lines[0]} == Plain/1 && ${lines[1]} == /opt/apps/easybuild/software/Plain/1/bin:/usr/local/bin:/usr/bin:/bin ]]
  [[ ${lines[2]} == "${lines[0]}" && ${lines[3]} == "${lines[1]}" ]]
}

@test "only the library's own directories are in MODULEPATH of a login shell" {
  # shellcheck disable=SC2016  # for the inner shell
  run inside bash -lc 'echo $MODULEPATH'
  [[ $output == /opt/apps/easybuild/modules/all ]]
}

@test "a module that needs more than this machine has is not in avail" {
  run inside CAIRN_HOST_CPU=x86-64-v3 CAIRN_HOST_GPU=none bash -c 'module -t avail 2>&1 | grep -v "[/:]$"'
  [[ $output == $'BLAS/1.0\nPlain/1' ]]
}

@test "it is there where the machine has it" {
  run inside CAIRN_HOST_CPU=x86-64-v4 CAIRN_HOST_GPU=nvidia bash -c 'module -t avail 2>&1 | grep -v "[/:]$" | sort'
  [[ $output == $'BLAS/1.0\nBLAS/1.0-avx512\nCuPy/13\nPlain/1' ]]
}

@test "spider shows it and says why" {
  run inside CAIRN_HOST_CPU=x86-64-v3 CAIRN_HOST_GPU=none bash -c 'module spider 2>&1'
  [[ $output == *"BLAS/1.0-avx512: needs a processor of level x86-64-v4, this machine has x86-64-v3"* ]]
  [[ $output == *"CuPy/13: needs an accelerator (nvidia), this machine has none"* ]]
  run inside CAIRN_HOST_CPU=x86-64-v3 CAIRN_HOST_GPU=none bash -c 'module spider CuPy/13 2>&1'
  [[ $output == *"CuPy/13: needs an accelerator"* && $output != *x86-64-v4* ]]
}

@test "the default of a name is a version that works here, and loading another warns" {
  run inside CAIRN_HOST_CPU=x86-64-v3 bash -c 'module load BLAS && module -t list 2>&1'
  [[ $output == BLAS/1.0 ]]
  run inside CAIRN_HOST_CPU=x86-64-v3 bash -c 'module load BLAS/1.0-avx512 2>&1 && module -t list 2>&1'
  [[ $output == *"Warning: BLAS/1.0-avx512 needs"* && $output == *BLAS/1.0-avx512 ]]
}

@test "the panel's list and a volume know it too" {
  "$CAIRN" populate library:1 volume --store store --quiet >/dev/null
  # As in a volume that is mounted over what the image has.
  run "$BATS_TEST_DIRNAME/container" root --mount "$PWD/volume:/opt/apps/easybuild:ro" --env HOME=/tmp --env PATH=/usr/bin:/bin \
    --env MODULEPATH=/opt/apps/easybuild/modules/all --env CAIRN_HOST_CPU=x86-64-v2 --env CAIRN_HOST_GPU=none /usr/share/lmod/lmod/libexec/lmod python --terse avail
  [[ $output == *Plain/1* && $output == *BLAS/1.0* && $output != *avx512* && $output != *CuPy* ]]
}

@test "a library without requirements, or with a file that is not Lua, hides nothing" {
  local file=root/opt/apps/easybuild/.cairn/requires.lua
  mv "$file" kept
  run inside CAIRN_HOST_CPU=x86-64-v1 CAIRN_HOST_GPU=none bash -c 'module -t avail 2>&1 | grep -c avx512'
  [[ $output == 1 ]]
  echo 'return {{{' >"$file"
  run inside CAIRN_HOST_CPU=x86-64-v1 CAIRN_HOST_GPU=none bash -c 'module -t avail 2>&1 | grep -c avx512'
  mv kept "$file"
  [[ $output == 1 ]]
}

@test "the spider cache of a library is used, wherever it is mounted" {
  local cache=root/opt/apps/easybuild/.cairn/lmod/spiderT.lua
  cp --preserve=timestamps "$cache" kept
  sed 's/Plain/Cached/g' kept >"$cache"
  touch --reference=kept "$cache"
  run inside bash -c 'module -t spider 2>&1'
  cp --preserve=timestamps kept "$cache"
  [[ $output == *Cached* ]]
}
