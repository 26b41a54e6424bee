#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# Python steps of recipes: on a base that has this machine's Python, without a container.

# bats and support.bash set variables; what is quoted is for jq.
# shellcheck disable=SC2154,SC2016
load support

setup_file() {
  clean_environment
  cd "$BATS_FILE_TMPDIR" || return
  "$checkout/tests/support/python/python_base" base:1 one >version
  "$checkout/tests/support/python/python_base" base:2 two >/dev/null
  cairn copy oci:bases:base:1 base:1 --store store --quiet >/dev/null
  cairn copy oci:bases:base:2 base:2 --store store --quiet >/dev/null
}

setup() {
  in_empty_place
  cp -a "$BATS_FILE_TMPDIR/store" "$HOME/.local/share/cairn/store"
  version=$(<"$BATS_FILE_TMPDIR/version")
  python=${version%.*}
  mkdir -p project
  cat >project/cairn.yaml <<'END'
base: {image: '${BASE}'}
variables: {BASE: 'base:1'}
layers:
- python: requirements.txt
  prefix: /opt/app-root
  venv: true
  bytecode: unchecked-hash
  layers: 4
env: {PATH: '/opt/app-root/bin:${PATH}'}
END
  lock demo==1.0 other==2.0
}

# lock NAME==VERSION…: wheels in ./wheelhouse, locked in project/requirements.txt.
lock() {
  local one
  mkdir -p wheelhouse
  for one; do "$checkout/tests/support/python/make_wheel.py" wheelhouse "${one%==*}" "${one#*==}"; done >project/requirements.txt
}

build() { cairn build project --wheels wheelhouse "$@"; }

@test "an environment with its packages and their bytecode, which python list knows" {
  run --separate-stderr -0 build --tag project:1
  cairn validate project:1 --quiet
  run -0 cairn python list project:1 --json
  [[ $(json '[.packages[].name] | join(" ")') == 'demo other' && $(json .python) == "$python" && $(json .prefix) == /opt/app-root ]]
  cairn unpack project:1 root --quiet
  [[ -L root/opt/app-root/bin/python && -e root/opt/app-root/pyvenv.cfg && -x root/opt/app-root/bin/demo ]]
  # The flags of a hash that nobody checks.
  [[ $(od -An -tu4 -j4 -N4 root/opt/app-root/lib/python"$python"/site-packages/demo/__pycache__/__init__.cpython-"${python/./}".pyc) -eq 1 ]]
}

@test "a new version of one package makes the step again, and keeps the layers of the others" {
  build --tag project:1 --quiet >/dev/null
  lock demo==1.1 other==2.0
  run --separate-stderr -0 build --tag project:1 --json
  [[ $(json '.steps[] | select(.kind == "python") | .why') == 'what it reads is new' ]]
  run --separate-stderr -0 build --tag project:1 --json
  [[ $(json .unchanged) == true && $(json '.steps[] | select(.kind == "python") | .layers') -ge 2 ]]
}

@test "another base with the same Python takes the layers as they are" {
  build --tag project:1 --quiet >/dev/null
  run --separate-stderr -0 build --tag project:2 --set BASE=base:2 --json
  [[ $(json '[.steps[] | select(.made)] | length') == 0 && $(json .unchanged) == false ]]
  layers() { cairn inspect "$1" --json | jq -r '.layers[1:][].digest'; }
  diff <(layers project:1) <(layers project:2)
  [[ $(cairn python list project:2 --json | jq '.packages | length') == 2 ]]
}

@test "a lock for another Python, and with --locked one that its Pipfile has left behind, are refused before anything is made" {
  sed -i 's|requirements.txt|Pipfile.lock|' project/cairn.yaml
  demo=$(head -n 1 project/requirements.txt)
  pipfile() {
    local hash
    hash=$(grep -o 'sha256:[0-9a-f]*' <<<"$demo")
    jq -n --arg python "$1" --arg hash "$hash" '{_meta: {hash: {sha256: "0"}, "pipfile-spec": 6, requires: {python_version: $python}, sources: []},
      default: {demo: {version: "==1.0", hashes: [$hash]}}, develop: {}}' >project/Pipfile.lock
  }
  pipfile 3.2
  run --separate-stderr -1 build --tag project:1
  one_line_error "project/cairn.yaml:4:3: 'project/Pipfile.lock' is for Python '3.2', the base has $version"
  pipfile "$python"
  printf '[packages]\ndemo = "*"\n' >project/Pipfile
  base=$(cairn inspect base:1 --json | jq -r .manifest)
  run --separate-stderr -1 build --tag project:1 --locked --set "BASE=$base"
  one_line_error "project/cairn.yaml:4:3: --locked: 'project': Pipfile.lock is stale"
  run --separate-stderr -0 build --tag project:1
  [[ $stderr == *"Pipfile.lock is stale"* ]]
  # Known by now, and told all the same.
  run --separate-stderr -0 build --tag project:1
  [[ $stderr == *"Pipfile.lock is stale"* ]]
}
