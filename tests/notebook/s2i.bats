#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# The S2I scripts: what they install from a project's locks and refuse to, and where its files go. In a virtual environment of
# this machine, without a network: wheels are downloaded once.

bats_require_minimum_version 1.5.0

scripts=$BATS_TEST_DIRNAME/../../s2i/bin
example=$BATS_TEST_DIRNAME/../../examples/python-stack

setup_file() {
  cd "$BATS_FILE_TMPDIR" || return
  python3 -m venv tool
  unset CAIRN_PYTHON_INDEX
  "$scripts/install-locked" "$example" --print >pinned.txt
  mkdir wheels
  tool/bin/pip download --quiet --disable-pip-version-check --no-deps --require-hashes --dest wheels --requirement pinned.txt
}

setup() {
  cd "$BATS_FILE_TMPDIR" || return
  unset CAIRN_PYTHON_INDEX
  rm -rf app src home
  # Without pip, as environments are that cairn makes from a lock that has none.
  python3 -m venv --without-pip app
  mkdir -p src home
  export PIP_NO_INDEX=1 PIP_FIND_LINKS=$PWD/wheels PIP_DISABLE_PIP_VERSION_CHECK=1 APP_ROOT=$PWD/app HOME=$PWD/home S2I_SOURCE=$PWD/src S2I_ARTIFACTS=$PWD/artifacts
  PATH=$PWD/app/bin:$PATH
}

@test "a Pipfile.lock is installed with its hashes, and the project's files go to the home" {
  cp "$example"/Pipfile* src
  mkdir -p src/notebooks src/.git
  echo 1 >src/notebooks/first.ipynb
  "$scripts/assemble"
  [[ $(app/bin/python -c 'import six, click, attrs; print(six.__version__)') == 1.17.0 ]]
  [[ -f home/notebooks/first.ipynb && -f home/Pipfile.lock && ! -e home/.git ]]
}

@test "all that is written is the group's" {
  cp "$example"/Pipfile* src
  "$scripts/assemble"
  [[ -z $(find home app/lib/python3*/site-packages -mindepth 1 ! -perm -g=w -print) ]]
}

@test "a pylock.toml is installed" {
  local digest
  digest=$(sha256sum wheels/six-*.whl | cut -d ' ' -f 1)
  printf 'lock-version = "1.0"\ncreated-by = "test"\n[[packages]]\nname = "six"\nversion = "1.17.0"\n[[packages.wheels]]\nname = "six-1.17.0-py2.py3-none-any.whl"\nhashes = {sha256 = "%s"}\n' "$digest" >src/pylock.toml
  "$scripts/assemble"
  app/bin/python -c 'import six'
}

@test "requirements.txt is installed with hashes, and refused without" {
  grep '^six' pinned.txt >src/requirements.txt
  "$scripts/assemble"
  app/bin/python -c 'import six'
  echo 'six' >src/requirements.txt
  run "$scripts/assemble"
  [[ $status != 0 && $output == *"has no hashes"* ]]
}

@test "a wheel with other bytes than the lock has is refused" {
  jq '.default.six.hashes = ["sha256:0000000000000000000000000000000000000000000000000000000000000000"]' "$example/Pipfile.lock" >src/Pipfile.lock
  run "$scripts/assemble"
  [[ $status != 0 && $output == *"DO NOT MATCH"* ]]
  run app/bin/python -c 'import six'
  [[ $status != 0 ]]
}

@test "a Pipfile without lock, and packages without hashes, are refused" {
  cp "$example/Pipfile" src
  run "$scripts/assemble"
  [[ $status != 0 && $output == *"no Pipfile.lock"* ]]
  echo '{"default": {"tool": {"git": "https://git.example.org/tool.git", "ref": "v1"}}}' >src/Pipfile.lock
  run "$scripts/assemble"
  [[ $status != 0 && $output == *"tool: no version with hashes"* ]]
}

@test "a project without packages only has its files" {
  echo 1 >src/readme
  run "$scripts/assemble"
  [[ $status == 0 && $output == *"nothing is pinned"* && -f home/readme ]]
}

@test "pip's cache is kept when that is asked for, and what is saved comes back" {
  cp "$example"/Pipfile* src
  "$scripts/save-artifacts" | tar -t >listed
  [[ ! -s listed ]]
  S2I_KEEP_CACHE=1 "$scripts/assemble"
  mkdir -p app/.cache/pip
  echo kept >app/.cache/pip/something
  mkdir -p artifacts
  "$scripts/save-artifacts" | tar -x -C artifacts
  [[ $(<artifacts/pip/something) == kept ]]
}

@test "usage says how, and run starts the notebook" {
  run "$scripts/usage"
  [[ $status == 0 && $output == */usr/libexec/s2i/assemble* ]]
  # shellcheck disable=SC2016  # for the script
  printf '#!/bin/sh\necho "started $*"\n' >app/bin/start-notebook.sh
  chmod +x app/bin/start-notebook.sh
  run "$scripts/run" --ServerApp.port=1
  [[ $output == "started --ServerApp.port=1" ]]
}
