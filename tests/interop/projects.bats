#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# Projects without a recipe, built as docs/projects.md says: the examples, a repository by URL, and a base of one's own.
#
# CAIRN: the program.

# bats sets variables; what is quoted is for sed.
# shellcheck disable=SC2154,SC2016

bats_require_minimum_version 1.5.0

checkout=$BATS_TEST_DIRNAME/../..
support=$BATS_TEST_DIRNAME/../support

# shellcheck source=tests/support/registry/registry.bash
. "$support/registry/registry.bash"

teardown() { stop_registries; }

setup_file() {
  : "${CAIRN:?is the program to be tested}"
  export CAIRN_CACHE=${CAIRN_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/cairn} CAIRN_BASES=$checkout/base-images
  export CAIRN_WHEEL_CACHE=$CAIRN_CACHE/wheels/projects CAIRN_STORE=$BATS_FILE_TMPDIR/store
  CAIRN_PYTHON_INDEX=$("$support/python/index")
  export CAIRN_PYTHON_INDEX GIT_AUTHOR_NAME=Tests GIT_AUTHOR_EMAIL=t@example.com GIT_COMMITTER_NAME=Tests GIT_COMMITTER_EMAIL=t@example.com
  umask 022
  cd "$BATS_FILE_TMPDIR" || return
  cp -r "$checkout/examples/zero-config" app
  ((EUID == 0)) || return 0
  "$CAIRN" build app --tag app:1 --quiet >digest
}

setup() {
  ((EUID == 0)) || skip "needs root, for mmdebstrap and buildah"
  cd "$BATS_FILE_TMPDIR" || return
}

cairn() { "$CAIRN" "$@"; }

@test "a lock and a program: the packages, the source, and what starts" {
  run --separate-stderr -0 cairn build app --tag app:1 --explain
  [[ $stderr == *"built as lock: has a Pipfile.lock, and nothing else that says how"*"nothing changed"* ]]
  cairn unpack app:1 root --quiet
  [[ $(chroot root /opt/app-root/bin/python /opt/app-root/src/app.py) == click* ]]
  [[ $(cairn inspect app:1 --json | jq -c '[.config.user, .config.cmd]') == '["1001:0",["python","app.py"]]' ]]
  [[ $(cairn python list app:1 --json | jq -r '.packages | map(.name) | join(" ")') == *"attrs"*"click"* ]]
  rm -rf root
}

@test "the same bytes elsewhere and from a URL" {
  mkdir -p elsewhere/deep
  cp -r app elsewhere/deep/other
  (umask 077 && "$CAIRN" build elsewhere/deep/other --tag app:2 --quiet --jobs 1) | diff digest -
  (cd elsewhere/deep && git init -q && git add -A && git commit -qm one && git tag v1)
  cairn build "file://$PWD/elsewhere/deep#v1:other" --tag app:3 --quiet | diff digest -
  run --separate-stderr -1 cairn build "file://$PWD/elsewhere/deep#v1:nothing" --tag app:4
  [[ $stderr == *"has no directory 'nothing'"* ]]
}

@test "a changed file makes its layer alone; ignored ones count for nothing" {
  echo '*.log' >app/.s2iignore
  cairn build app --tag app:5 --quiet >before
  echo noise >app/x.log
  cairn build app --tag app:5 --quiet | diff before -
  echo '# more' >>app/app.py
  run --separate-stderr -0 cairn build app --tag app:6 --json
  [[ $(jq -r '[.steps[] | select(.made) | .layer] | join(" ")' <<<"$output") == source ]]
  cairn unpack app:6 root --quiet
  [[ ! -e root/opt/app-root/src/x.log && -e root/opt/app-root/src/.s2iignore ]]
  rm -rf root
}

@test "on an image that has some of it, only the rest is new" {
  run --separate-stderr -0 cairn build app --base app:1 --tag app:7 --json
  [[ $(jq '[.steps[] | select(.kind == "python") | .layers] | add' <<<"$output") == 0 ]]
  cairn validate app:7 --quiet
}

@test "a Containerfile" {
  cp -r "$checkout/examples/containerfile-app" file
  cairn build file --tag file:1 --quiet >before
  [[ $(cairn build file --tag file:2 --quiet) == "$(<before)" ]]
  cairn unpack file:1 root --quiet
  diff root/greeting file/greeting
  rm -rf root
}

@test "a repository of AICoE-CI's is built as its file says, unless an option says otherwise" {
  cp -r "$checkout/examples/aicoe-ci" ci
  run --separate-stderr -0 cairn build ci --tag ci:1 --explain
  [[ $stderr == *"built as containerfile: .aicoe-ci.yaml says so"* ]]
  sed -i '0,/build-strategy: Containerfile/s//build-strategy: Source\n  base-image: nothing:1/' ci/.aicoe-ci.yaml
  run --separate-stderr -1 cairn build ci --tag ci:2
  [[ $stderr == *"nothing:1"* ]]
  sed -i 's/registry-org: team/registry-orgs: team/' ci/.aicoe-ci.yaml
  run --separate-stderr -1 cairn build ci --tag ci:2
  [[ $stderr == *".aicoe-ci.yaml:"*"registry-org"* ]]
  cairn build ci --tag ci:3 --strategy containerfile --quiet
}

@test "what cannot be built is told" {
  mkdir -p nothing/.s2i
  run --separate-stderr -1 cairn build nothing --tag x:1
  [[ $stderr == *"has .s2i; give --builder"* ]]
  cp -r app python2
  sed -i 's/"python_version": "3.11"/"python_version": "3.12"/' python2/Pipfile.lock
  run --separate-stderr -1 cairn build python2 --tag x:1
  [[ $stderr == *"is for Python 3.12, and no base at hand has it; give --base"* ]]
}

@test "the notebook with a few packages more: only these are new, and they can be imported" {
  run --separate-stderr -0 cairn build "$checkout/examples/lightgbm-notebook" --tag lightgbm:1 --json
  [[ $(jq -r '[.steps[] | select(.place | endswith("lightgbm-notebook/cairn.yaml:5:5")) | .layers] | add' <<<"$output") -ge 3 ]]
  cairn unpack lightgbm:1 root --quiet
  [[ $(chroot root /opt/app-root/bin/python -c 'import lightgbm; print(lightgbm.__version__)') == 4.* ]]
  rm -rf root
}

@test "what has no wheel is built on the base, once" {
  mkdir -p source/lib
  printf '[project]\nname = "local-lib"\nversion = "2.0"\n[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n[tool.setuptools]\npy-modules = ["local_lib"]\n' >source/lib/pyproject.toml
  echo 'answer = 42' >source/lib/local_lib.py
  jq '.default = {docopt: {version: "==0.6.2", hashes: ["sha256:49b3a825280bd66b3aa83585ef59c4a8c82f2c8a522dbe754a8bc8d08c85c491"]}, "local-lib": {path: "./lib"}}' \
    app/Pipfile.lock >source/Pipfile.lock
  run --separate-stderr -0 cairn build source --base lightgbm:1 --tag source:1
  [[ $stderr == *"docopt 0.6.2: built here with setuptools "*", no wheel of this version is offered"*"local-lib: built here with setuptools "*", path ./lib"* ]]
  cairn unpack source:1 root --quiet
  [[ $(chroot root /opt/app-root/bin/python -c 'import docopt, local_lib; print(docopt.__version__, local_lib.answer)') == "0.6.2 42" ]]
  [[ -e root/opt/app-root/lib/python3.11/site-packages/docopt-0.6.2.dist-info/RECORD ]]
  rm -rf root
  # The same by `python add`, and by `python layers` on a base; these two wheels are known now.
  run --separate-stderr -0 cairn python add lightgbm:1 source --tag added:1
  [[ $stderr == *"local-lib: built here with setuptools "*", path ./lib"* ]]
  cairn unpack added:1 root --quiet
  [[ $(chroot root /opt/app-root/bin/python -c 'import docopt, local_lib; print(docopt.__version__, local_lib.answer)') == "0.6.2 42" ]]
  rm -rf root
  cairn python layers source --base lightgbm:1 --tag layers:1 --quiet
  [[ $(cairn python list layers:1 --json | jq -r '[.packages[].name] | join(" ")') == "docopt local-lib" ]]
  run --separate-stderr -1 cairn python layers source --tag layers:2
  [[ $stderr == *"2 packages have no wheel"*"--base IMAGE, on which cairn builds them"* ]]
  # Known; and what an input changed in is built again.
  mkdir nothing-here
  for tool in sh env; do ln -s "$(command -v "$tool")" nothing-here; done
  cairn build source --base lightgbm:1 --tag source:2 --quiet
  echo 'answer = 43' >source/lib/local_lib.py
  cairn build source --base lightgbm:1 --tag source:2 --quiet
  cairn unpack source:2 root --quiet
  [[ $(chroot root /opt/app-root/bin/python -c 'import local_lib; print(local_lib.answer)') == 43 ]]
  rm -rf root
  # A hash that the archive has not; no buildah.
  sed -i 's/49b3a825/49b3a826/' source/Pipfile.lock
  run --separate-stderr -1 cairn build source --base lightgbm:1 --tag source:3
  [[ $stderr == *docopt*"DO NOT MATCH"* ]]
  run --separate-stderr -1 env PATH="$PWD/nothing-here" "$CAIRN" build source --base lightgbm:1 --tag source:4
  [[ $stderr == *"2 packages have no wheel"*"with buildah cairn builds them itself"* ]]
}

@test "the whole of a platform: library, notebook, volume and manifests, as examples/highlander says" {
  local tree=${CAIRN_TREE_FLAT:-$("$support/easybuild/tree" flat)}
  start_registry "$BATS_TEST_TMPDIR/registry"
  printf '[[registry]]\nprefix = "registry.example.com"\nlocation = "%s"\ninsecure = true\n' "$registry" >registries.conf
  export CONTAINERS_REGISTRIES_CONF=$PWD/registries.conf TREE=$tree VOLUME=$PWD/volume
  mkdir -p examples
  cp -r "$checkout"/{layers,base-images,s2i} .
  cp -r "$checkout"/examples/{highlander,notebook} examples
  sed -n '/^```sh$/,/^```$/{/^```/!p}' examples/highlander/README.md >commands
  [[ $(grep -c '^cairn ' commands) == 7 ]]
  mkdir -p bin
  ln -sf "$CAIRN" bin/cairn
  (cd examples/highlander && PATH=$BATS_FILE_TMPDIR/bin:$PATH bash -euo pipefail ../../commands)
  grep -q "image: registry.example.com/cairn:1" examples/highlander/manifests/populate-job.yaml
  # What users do: the volume read-only where its modulefiles say, a random user, a module.
  cairn unpack notebook:2026.11 root --quiet
  chmod 0755 root/root  # the tree may lie there
  run "$checkout/tests/notebook/container" root --user 1000720000 --env PATH=/opt/app-root/bin:/usr/bin:/bin --env HOME=/tmp --env BASH_ENV=/usr/share/lmod/lmod/init/bash \
    --env "MODULEPATH=$tree/modules/all" --env "LMOD_PACKAGE_PATH=$tree/" --mount "$VOLUME:$tree:ro" \
    bash -c 'module load numpy && python3 -c "import numpy; print(numpy.__file__)"'
  [[ $status == 0 && $output == *"$tree/software/numpy"* ]]
  [[ $(cairn modules library:2026.11 --json | jq -r '.modules[] | select(.name == "seqtk/1.4-GCC-12.2.0") | .description') == *"as the genomics group uses them" ]]
  rm -rf root
}
