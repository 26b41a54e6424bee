#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# S2I: a project built natively is the tree that the builder's assemble makes; scripts of the project's own, labels, what an earlier image
# saved, and the Containerfile that does the same by buildah alone.
#
# CAIRN: the program; RELEASE_CAIRN, if it is set, instead: S2I is what is tested here. Needs root, for mmdebstrap and buildah.

# bats sets variables; what is quoted is for another shell.
# shellcheck disable=SC2154,SC2016

bats_require_minimum_version 1.5.0

checkout=$BATS_TEST_DIRNAME/../..
support=$BATS_TEST_DIRNAME/../support

# The layer `s2i` on a base with a virtual environment, in which a package of the project's lock lies in another version.
make_builder() {
  mkdir -p builder
  jq '.default |= {pip, six: {version: "==1.16.0", hashes: ["sha256:8abb2f1d86890a2dfb989f9a77cfcfd3e47c2a354b01111771326f8aa26e0254"]}}' \
    "$checkout/layers/jupyterlab/Pipfile.lock" >builder/Pipfile.lock
  cp -r "$checkout/s2i" "$checkout/base-images" .
  cat >builder/cairn.yaml <<END
base: ../base-images/debian12
layers:
  - {python: Pipfile.lock, prefix: /opt/app-root, venv: true, bytecode: unchecked-hash}
  - ../s2i
env: {APP_ROOT: /opt/app-root, VIRTUAL_ENV: /opt/app-root, HOME: /opt/app-root/src, PATH: "/opt/app-root/bin:\${PATH}"}
user: "1001:0"
workdir: /opt/app-root/src
END
  cairn build builder --tag builder:1 --quiet
}

setup_file() {
  : "${CAIRN:?is the program to be tested}"
  ((EUID == 0)) || return 0
  export CAIRN=${RELEASE_CAIRN:-$CAIRN}
  export CAIRN_CACHE=${CAIRN_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/cairn} CAIRN_STORE=$BATS_FILE_TMPDIR/store
  export CAIRN_WHEEL_CACHE=$CAIRN_CACHE/wheels/projects GIT_AUTHOR_NAME=Tests GIT_AUTHOR_EMAIL=t@example.com GIT_COMMITTER_NAME=Tests GIT_COMMITTER_EMAIL=t@example.com
  CAIRN_PYTHON_INDEX=$("$support/python/index")
  export CAIRN_PYTHON_INDEX
  umask 022
  cd "$BATS_FILE_TMPDIR" || return
  make_builder >&2
}

setup() {
  ((EUID == 0)) || skip "needs root, for mmdebstrap and buildah"
  cd "$BATS_TEST_TMPDIR" || return
  cp -r "$checkout/examples/s2i-app" app
}

cairn() { "$CAIRN" "$@"; }

# steps OPTION…: the kinds of steps that a build of ./app as s2i-app:1 had.
steps() { cairn build app --builder builder:1 --tag s2i-app:1 --json --quiet "$@" | jq -r '[.steps[].kind] | join(" ")'; }

@test "built natively, the tree is the one that assemble makes" {
  printf 'data/*\n!data/kept\n' >app/.s2iignore
  mkdir -p app/data app/.git
  touch app/data/{gone,kept} app/.git/HEAD
  ln -s app.sh app/start
  [[ $(steps) == "base python files" ]]
  cairn unpack s2i-app:1 native --quiet
  # Where scripts are said to be elsewhere, they are run, wherever that is.
  [[ $(steps --scripts-url image:///usr/libexec/s2i) == assemble ]]
  cairn unpack s2i-app:1 assembled --quiet
  for tree in native assembled; do "$support/python/list_tree" "$tree" >"$tree.txt"; done
  diff native.txt assembled.txt
  [[ $(grep -c 'six-1.17.0.dist-info/' native.txt) -gt 3 && $(<native.txt) != *six-1.16.0* ]]
  [[ -e native/opt/app-root/src/data/kept && ! -e native/opt/app-root/src/data/gone && ! -e native/opt/app-root/src/.git ]]
  chroot native /opt/app-root/bin/python -c 'import six, attrs, click; assert six.__version__ == "1.17.0"'
}

@test "both ways the image says how it starts, and from what" {
  git -C app init -q && git -C app add -A && git -C app commit -qm "First words"
  config='[.config.cmd, .config.entrypoint, (.config.env[] | select(startswith("GREETING"))), (.config.labels | with_entries(select(.key | startswith("io.openshift.s2i.build"))))]'
  steps >/dev/null
  cairn inspect s2i-app:1 --json | jq "$config" >native.json
  steps --scripts-url image:///usr/libexec/s2i >/dev/null
  cairn inspect s2i-app:1 --json | jq "$config" | diff native.json -
  [[ $(jq -c '.[0:3]' native.json) == '[["/usr/libexec/s2i/run"],[],"GREETING=Hello"]' ]]
  [[ $(jq -r '.[3]["io.openshift.s2i.build.commit.id"]' native.json) == "$(git -C app rev-parse HEAD)" ]]
  [[ $(jq -r '.[3] | .["io.openshift.s2i.build.commit.message"], .["io.openshift.s2i.build.image"]' native.json) == $'First words\nbuilder:1' ]]
  # Not of what is changed since.
  echo '# more' >>app/app.sh
  steps >/dev/null
  [[ $(cairn inspect s2i-app:1 --json | jq '.config.labels | has("io.openshift.s2i.build.commit.id")') == false ]]
}

@test "an assemble of the project's own runs, and what it says of the image counts" {
  mkdir -p app/.s2i/bin
  cat >app/.s2i/bin/assemble <<'END'
#!/bin/sh
set -e
mkdir -p /tmp/.s2i /tmp/other
echo '{"labels": [{"made.by": "assemble"}]}' >/tmp/.s2i/image_metadata.json
cat /tmp/artifacts/count 2>/dev/null >"$HOME/count" || echo none >"$HOME/count"
echo "$GREETING $(id -u):$(id -g) $(ls /tmp/src | tr '\n' ' ')" >"$HOME/seen"
END
  printf '#!/bin/sh\necho "$(cat "$HOME/count") and again" >/tmp/count\ntar -C /tmp -cf - count\n' >app/.s2i/bin/save-artifacts
  printf '#!/bin/sh\nexec cat "$HOME/seen"\n' >app/.s2i/bin/run
  chmod +x app/.s2i/bin/*
  [[ $(steps --incremental) == assemble ]]
  cairn unpack s2i-app:1 one --quiet
  [[ $(<one/opt/app-root/src/seen) == "Hello 1001:0 Pipfile Pipfile.lock README.md app.sh " && ! -e one/tmp/other && ! -e one/tmp/src ]]
  [[ $(cairn inspect s2i-app:1 --json | jq -c '[.config.labels["made.by"], .config.cmd]') == '["assemble",["/tmp/scripts/run"]]' && -x one/tmp/scripts/run ]]
  # The next build has what this image saved; one that is not incremental has not.
  [[ $(<one/opt/app-root/src/count) == "none" || $(<one/opt/app-root/src/count) == *again* ]]
  echo more >app/more
  [[ $(steps --incremental) == assemble ]]
  cairn unpack s2i-app:1 two --quiet
  [[ $(<two/opt/app-root/src/count) == "$(<one/opt/app-root/src/count) and again" ]]
  [[ $(steps --incremental --no-cache) == assemble ]]
  echo less >app/more
  [[ $(steps) == assemble ]]
  cairn unpack s2i-app:1 three --quiet
  [[ $(<three/opt/app-root/src/count) == none ]]
}

@test "scripts from a directory, and from where they are not taken" {
  mkdir scripts
  printf '#!/bin/sh\necho from a directory >"$HOME/said"\n' >scripts/assemble
  chmod +x scripts/assemble
  [[ $(steps --scripts-url "file://$PWD/scripts") == assemble ]]
  cairn unpack s2i-app:1 root --quiet
  [[ $(<root/opt/app-root/src/said) == "from a directory" ]]
  run --separate-stderr -1 cairn build app --builder builder:1 --scripts-url https://scripts.example.com/s2i --tag x:1
  [[ $stderr == *"fetch them and give --scripts-url file://DIR"* ]]
  run --separate-stderr -1 cairn build app --builder builder:1 --scripts-url "file://$PWD/nothing" --tag x:1
  [[ $stderr == *"has no assemble"* ]]
}

@test "an assemble that fails is shown with its last lines, and leaves nothing" {
  mkdir -p app/.s2i/bin
  printf '#!/bin/sh\necho what went wrong >&2\nexit 3\n' >app/.s2i/bin/assemble
  chmod +x app/.s2i/bin/assemble
  run --separate-stderr -1 cairn build app --builder builder:1 --tag never:1
  [[ $stderr == *assemble*"what went wrong"* ]]
  run --separate-stderr -1 cairn inspect never:1
}

@test "a Containerfile that makes the same by buildah" {
  rm app/Pipfile*  # nothing to fetch
  echo '*.log' >app/.s2iignore
  touch app/x.log
  [[ $(cairn build app --builder builder:1 --as-containerfile made/ --tag s2i-app:2) == made/Containerfile ]]
  [[ -x made/upload/src/app.sh && -e made/upload/src/.s2i/environment && ! -e made/upload/src/x.log ]]
  run --separate-stderr -1 cairn build app --builder builder:1 --as-containerfile made/
  [[ $stderr == *"made/Containerfile': is there already"* ]]
  buildah() { command buildah --storage-driver vfs --root "$PWD/storage" --runroot "$PWD/run" "$@"; }
  # Another name than the store's path: buildah makes a name of that.
  cairn copy builder:1 oci-archive:builder.tar:builder:1 --quiet
  buildah tag "$(buildah pull --quiet oci-archive:builder.tar)" localhost/builder:1
  buildah build --quiet --isolation chroot --pull-never --tag made made
  [[ $(buildah inspect --type image made | jq -c '.OCIv1.config | [.Cmd, .Labels["io.openshift.s2i.build.image"]]') == '[["/usr/libexec/s2i/run"],"builder:1"]' ]]
  [[ $(steps) == "base files" ]]
  cairn unpack s2i-app:1 native --quiet
  "$support/python/list_tree" native/opt/app-root >native.txt
  "$support/python/list_tree" "$(buildah mount "$(buildah from --pull-never made)")/opt/app-root" | diff native.txt -
  buildah rm --all >/dev/null
}
