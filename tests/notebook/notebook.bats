#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# The notebook of examples/notebook in a real browser, with a library in three ways: baked in, mounted read-only as a Kubernetes image
# volume is, and poured into a volume. Each time as a random user of group 0, with Kubeflow's NB_PREFIX, and an empty home.
# Needs root (mounts, chroot), Chromium and npm.
#
# CAIRN: the program. CAIRN_TREE_FLAT: a tree that EasyBuild built, if it is not to be found. CAIRN_NOTEBOOK_IMAGE: an image to open
# instead of building the example. CAIRN_SCREENSHOTS: where screenshots are kept; build/screenshots by ctest.

bats_require_minimum_version 1.5.0

root=$BATS_TEST_DIRNAME/../..
support=$root/tests/support
# shellcheck source=tests/support/memory_directory.bash
. "$support/memory_directory.bash"
base_url=/notebook/science/one

cairn() { "$CAIRN" "$@" --store "$BATS_FILE_TMPDIR/memory/store" --quiet; }

setup_file() {
  ((EUID == 0)) || return 0
  : "${CAIRN:?is the program to be tested}"
  [[ -n ${CAIRN_TREE_FLAT:-} ]] || CAIRN_TREE_FLAT=$("$support/easybuild/tree" flat)
  export CAIRN CAIRN_TREE_FLAT CAIRN_SCREENSHOTS=${CAIRN_SCREENSHOTS:-$BATS_FILE_TMPDIR/screenshots}
  umask 022
  memory_directory "$BATS_FILE_TMPDIR/memory"
  cd "$BATS_FILE_TMPDIR/memory" || return
  # Packages as package-lock.json has them; not into the checkout.
  mkdir driver
  cp "$BATS_TEST_DIRNAME"/{package.json,package-lock.json,lab.mjs,open.mjs} driver
  (cd driver && npm ci --no-audit --no-fund --ignore-scripts >npm.log 2>&1) || { cat driver/npm.log >&2; return 1; }
  if [[ -n ${CAIRN_NOTEBOOK_IMAGE:-} ]]; then
    cairn copy "$CAIRN_NOTEBOOK_IMAGE" notebook:1 >/dev/null
  else
    cairn build "$root/examples/notebook" --tag notebook:1 >/dev/null
  fi
  cp -a "$CAIRN_TREE_FLAT" tree
  "$support/web-module" tree "$CAIRN_TREE_FLAT"
  cairn split tree --target "$CAIRN_TREE_FLAT" --tag library:1 >/dev/null
  cairn unpack notebook:1 notebook
}

setup() {
  ((EUID == 0)) || skip "needs root, for mounts and chroot"
  cd "$BATS_FILE_TMPDIR/memory" || return
}

teardown() {
  if [[ -s server.pid ]]; then kill -KILL "$(<server.pid)" || true; fi
  rm -f server.pid
}

teardown_file() { forget_directory "$BATS_FILE_TMPDIR/memory"; }

# start NAME ROOT IMAGE OPTION…: JupyterLab in ROOT with the environment, entrypoint and command of IMAGE; its URL without path in
# $address. Options of `container`.
start() {
  local name=$1 where=$2 variables=() command=()
  mapfile -t variables < <(cairn inspect "$3" --json | jq -r '.config.env[] | "--env", .')
  mapfile -t command < <(cairn inspect "$3" --json | jq -r '.config | (.entrypoint // []) + (.cmd // []) | .[]')
  mkdir -p "home-$name"
  chmod 0770 "home-$name"
  # Any free port, which the server writes down. IdentityProvider.token='' as Open Data Hub says it: a proxy in front asks who it is.
  "$BATS_TEST_DIRNAME/container" "$where" --user 1000720000 "${variables[@]}" --env NB_PREFIX=$base_url --env NOTEBOOK_PORT=0 \
    --env "NOTEBOOK_ARGS=--IdentityProvider.token='' --ServerApp.quit_button=False" --mount "$PWD/home-$name:/opt/app-root/src" "${@:4}" \
    "${command[@]}" >"server-$name.log" 2>&1 3>&- &
  echo $! >server.pid
  disown
  local port=
  for _ in {1..150}; do
    port=$(jq .port "home-$name"/.local/share/jupyter/runtime/jpserver-*.json 2>/dev/null) && break
    kill -0 "$(<server.pid)" || break
    sleep 0.2
  done
  address=http://127.0.0.1:$port
  curl --silent --fail --retry 50 --retry-delay 0 --retry-max-time 20 --retry-all-errors --output /dev/null "$address$base_url/api" || { cat "server-$name.log"; return 1; }
}

# open NAME: the whole visit.
open() {
  mkdir -p "$CAIRN_SCREENSHOTS/$1"
  node driver/open.mjs "$address$base_url/" "$CAIRN_TREE_FLAT" "$CAIRN_SCREENSHOTS/$1" || { tail -n 20 "server-$1.log"; return 1; }
}

@test "a library that is baked in" {
  cairn bake notebook:1 --library library:1 --tag baked:1 >/dev/null
  cairn unpack baked:1 baked
  start baked baked baked:1
  open baked
}

@test "a library that is mounted read-only, where the image looks for one" {
  cairn unpack library:1 library
  chmod 0755 notebook/root
  # Also where its modulefiles say that it is: this tree was built for another place.
  start mounted notebook notebook:1 --mount "$PWD/library$CAIRN_TREE_FLAT:/opt/apps/easybuild:ro" --mount "$PWD/library$CAIRN_TREE_FLAT:$CAIRN_TREE_FLAT:ro"
  [[ $(curl --silent --output /dev/null --write-out '%{http_code}' "$address/api") == 404 ]]
  [[ $(curl --silent --location --output /dev/null --write-out '%{http_code} %{content_type}' "$address$base_url/") == "200 text/html"* ]]
  open mounted
}

@test "a library that is poured into a volume" {
  cairn populate library:1 volume >/dev/null
  chmod 0755 notebook/root
  start poured notebook notebook:1 --mount "$PWD/volume:$CAIRN_TREE_FLAT:ro" --env "MODULEPATH=$CAIRN_TREE_FLAT/modules/all" --env "LMOD_PACKAGE_PATH=$CAIRN_TREE_FLAT/"
  open poured
  # Another release, while the notebook runs: seen with the next question of the page, and not only after a load.
  ask() { curl --silent --fail "$address$base_url/$1"; }
  [[ $(ask cairn/featured | jq .changed) == false && $(ask module/modules) != *late/1* ]]
  mkdir tree/modules/all/late
  echo 'whatis("Description: came late")' >tree/modules/all/late/1.lua
  cairn split tree --target "$CAIRN_TREE_FLAT" --since library:1 --tag library:2 >/dev/null
  cairn populate library:2 volume >/dev/null
  [[ $(ask cairn/featured | jq .changed) == true && $(ask module/modules) == *late/1* ]]
  [[ $(ask cairn/modules/late/1 | jq -r .description) == 'came late' ]]
}

@test "the image is an S2I builder" {
  [[ $(cairn inspect notebook:1 --json | jq -r '.config.labels["io.openshift.s2i.scripts-url"]') == image:///usr/libexec/s2i ]]
  mkdir -p wheels home-s2i project
  chmod 0770 home-s2i
  cp "$root"/examples/python-stack/Pipfile* project
  echo 1 >project/first.ipynb
  python3 -m venv tool
  tool/bin/pip download --quiet --disable-pip-version-check --no-deps --require-hashes --dest wheels \
    --requirement <(env -u CAIRN_PYTHON_INDEX "$root/s2i/bin/install-locked" project --print)
  local variables=()
  mapfile -t variables < <(cairn inspect notebook:1 --json | jq -r '.config.env[] | "--env", .')
  local builder=("$BATS_TEST_DIRNAME/container" notebook --user 1001 "${variables[@]}" --env PIP_NO_INDEX=1 --env PIP_FIND_LINKS=/mnt/wheels --env S2I_SOURCE=/mnt/src
    --mount "$PWD/home-s2i:/opt/app-root/src" --mount "$PWD/project:/mnt/src:ro" --mount "$PWD/wheels:/mnt/wheels:ro")
  "${builder[@]}" /usr/libexec/s2i/assemble
  [[ $("${builder[@]}" python -c 'import click, six; print(six.__file__)') == /opt/app-root/lib/python3.11/site-packages/six.py ]]
  [[ -f home-s2i/first.ipynb ]]
  # It can be a builder once more: what was installed belongs to the group.
  [[ $(stat -c '%a %g' notebook/opt/app-root/lib/python3.11/site-packages/click) == '775 0' ]]
}
