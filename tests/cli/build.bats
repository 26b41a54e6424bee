#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0

# bats and support.bash set variables; what is quoted is for jq or for a recipe.
# shellcheck disable=SC2154,SC2016
load support

setup() {
  cache=${CAIRN_CACHE:-$HOME/.cache/cairn}
  in_empty_place
}

# with_recipe: the recipe ./project on a small base in the store, of files and a part of a library.
with_recipe() {
  with_store
  base_image base:1 'a base' --env PATH=/usr/bin
  cairn copy oci:bases:base:1 base:1 --quiet >/dev/null
  mkdir -p project/files/bin project/layers/extra/etc
  printf '#!/bin/sh\necho tool\n' >project/files/bin/tool
  chmod 700 project/files/bin/tool
  echo data >project/files/data
  ln -s data project/files/link
  echo old >project/files/data.orig
  echo extra >project/layers/extra/etc/extra
  printf 'env: {EXTRA: "${PATH}:/extra"}\nsteps:\n- files: etc\n  to: /etc\n' >project/layers/extra/layer.yaml
  cat >project/cairn.yaml <<'END'
base: {image: base:1}
variables: {LIBRARY: 'library:2026.11'}
layers:
- files: files
  to: /opt/app
  group-writable: true
  exclude: ['*.orig']
- layers/extra
- modules: ${LIBRARY}
  only: [Greeting]
env: {PATH: '/opt/app/bin:${PATH}'}
user: '1001:0'
workdir: /opt/app
cmd: [tool]
ports: ['8888']
labels: {title: 'A project'}
tests:
- {name: the tool runs, command: [tool]}
END
}

@test "builds files, layers and modules on a base, with the config" {
  with_recipe
  run --separate-stderr -0 cairn build project --tag project:1
  [[ $output =~ ^sha256:[0-9a-f]{64}$ ]]
  cairn validate project:1 --quiet
  umask 077
  cairn unpack project:1 root --quiet
  [[ $(<root/etc/release) == 'a base' && $(<root/etc/extra) == extra && $(<root/opt/app/link) == data ]]
  [[ ! -e root/opt/app/data.orig && -e root/opt/easybuild/modules/all/Greeting/2.0.lua ]]
  [[ $(cairn modules project:1 --json | jq '.modules | length') -lt $(cairn modules library:2026.11 --json | jq '.modules | length') ]]
  [[ $(stat -c %a root/opt/app root/opt/app/bin/tool root/opt/app/data root/etc/extra | xargs) == '775 775 664 644' ]]
  run --separate-stderr -0 cairn inspect project:1 --json
  [[ $(json '.config.user') == 1001:0 && $(json '.config.env[]' | grep ^PATH=) == PATH=/opt/app/bin:/usr/bin ]]
  json '.config.env[]' | grep -x EXTRA=/usr/bin:/extra
  json '.config.env[]' | grep '^MODULEPATH=/opt/easybuild/modules/all'
}

@test "the same recipe gives the same digest, elsewhere, with another umask, on one thread" {
  with_recipe
  one=$(cairn build project --tag project:1 --quiet)
  umask 077
  mkdir -p other/place
  cp -r project other/place/
  cairn copy base:1 oci:images:base:1 --quiet >/dev/null
  cairn copy library:2026.11 oci:images:library:2026.11 --quiet >/dev/null
  export CAIRN_STORE=$PWD/images
  [[ $(cairn build other/place/project --tag project:1 --jobs 1 --quiet) == "$one" ]]
  [[ $(cairn build other/place/project --tag project:1 --no-cache --quiet) == "$one" ]]
}

@test "what did not change is looked up, and --explain says why" {
  with_recipe
  cairn build project --tag project:1 --quiet >/dev/null
  run --separate-stderr -0 cairn build project --tag project:1 --json
  [[ $(json .unchanged) == true && $(json '[.steps[] | select(.made)] | length') == 0 ]]
  echo more >>project/files/data
  run --separate-stderr -0 cairn build project --tag project:2 --json
  [[ $(json .unchanged) == false ]]
  [[ $(json '.steps[] | select(.kind == "files" and .layer == "files") | .made') == true ]]
  [[ $(json '.steps[] | select(.layer == "extra") | .made') == false ]]
  run -0 cairn build project --tag project:2 --explain --quiet
  [[ $output == *"what it reads is as it was"* ]]
}

@test "another base takes the layers as they are" {
  with_recipe
  cairn build project --tag project:1 --quiet >/dev/null
  base_image base:2 'a new base' --env PATH=/usr/sbin
  cairn copy oci:bases:base:2 base:1 --quiet >/dev/null
  run --separate-stderr -0 cairn build project --tag project:2 --json
  [[ $(json '[.steps[] | select(.kind == "files" and .made)] | length') == 0 ]]
  layers() { cairn inspect "$1" --json | jq -r '.layers[1:][].digest'; }
  diff <(layers project:1) <(layers project:2)
  cairn inspect project:2 --json | jq -r '.config.env[]' | grep -x PATH=/opt/app/bin:/usr/sbin
  # Where the tag has been before, it is explained.
  run -0 cairn build project --tag project:1 --explain --quiet --json
  [[ $(json '.steps[] | select(.kind == "base") | .why') == *"another than before" ]]
  [[ $(json '[.steps[] | select(.kind == "files") | .why] | unique | .[]') == "what it reads is as it was; rebased as it is" ]]
}

@test "links of the base on the way are followed" {
  with_recipe
  mkdir -p linked/usr/bin
  ln -s usr/bin linked/bin
  echo sh >linked/usr/bin/sh
  cairn append base:1 linked --tag base:1 --quiet >/dev/null
  sed -i 's|to: /opt/app|to: /bin|' project/cairn.yaml
  cairn build project --tag project:1 --quiet >/dev/null
  cairn unpack project:1 root --quiet
  [[ -L root/bin && -e root/bin/sh && -e root/usr/bin/data ]]
}

@test "--locked refuses what is not pinned; --set names the library" {
  with_recipe
  run --separate-stderr -1 cairn build project --tag project:1 --locked
  one_line_error "project/cairn.yaml:1:7: base 'base:1' has no digest; and 1 more"
  base=$(cairn inspect base:1 --json | jq -r .manifest)
  sed -i "s|image: base:1|image: '$base'|" project/cairn.yaml
  run --separate-stderr -0 cairn build project --tag project:1 --locked --set "LIBRARY=$digest"
  run --separate-stderr -1 cairn build project --tag project:1 --set LIBARY=x
  one_line_error "--set 'LIBARY'"
}

@test "what cannot be is refused before anything is made, and nothing is tagged" {
  with_recipe
  refused() {
    run --separate-stderr -1 cairn build project --tag project:1
    one_line_error "$1"
    run -1 cairn inspect project:1
  }
  cp project/cairn.yaml saved
  sed 's/only: \[Greeting\]/only: [Greting]/' saved >project/cairn.yaml
  refused "project/cairn.yaml:9:3: "
  sed 's/files: files/files: nothing/' saved >project/cairn.yaml
  refused "project/cairn.yaml:4:10: 'layers[0].files': 'project/nothing': no such file or directory"
  sed 's/image: base:1/image: base:7/' saved >project/cairn.yaml
  refused "project/cairn.yaml:1:7: "
  printf 'platform: linux/arm64\n' | cat saved - >project/cairn.yaml
  refused "the base is for linux/amd64, 'platform' says"
  sed 's/^layers:/laers:/' saved >project/cairn.yaml
  refused "project/cairn.yaml:3:1: unknown key 'laers'; did you mean 'layers'?"
  { cat saved; echo 'env: {LMOD_PACKAGE_PATH: /elsewhere/}'; } | sed '/^env: {PATH/d' >project/cairn.yaml
  refused "is for /opt/easybuild, LMOD_PACKAGE_PATH says /elsewhere/"
  cp saved project/cairn.yaml
  mkfifo project/files/pipe
  refused "is no file, directory or symbolic link"
}

# What runs in a container. On a Debian with Lmod (tests/support/lmod-base).
with_debian() {
  ((EUID == 0)) || skip "needs root, for buildah"
  command -v buildah >/dev/null || skip "buildah is not installed"
  layout=$(CAIRN_CACHE=$cache "$checkout/tests/support/lmod-base")
  cairn copy "oci:$layout:base:lmod" debian:1 --quiet >/dev/null
  mkdir project
}

@test "a run step's difference is a layer, normalised, the same the second time" {
  with_debian
  cat >project/cairn.yaml <<'END'
base: {image: 'debian:1'}
layers:
- run: |
    echo one >/opt/one
    date >/var/log/run.log
    date >/tmp/scratch
    rm /etc/issue.net
    mkdir -m 750 /opt/directory
    ln -s one /opt/link
- run: cat /opt/one >/opt/two
END
  first=$(cairn build project --tag project:1 --quiet)
  [[ $(cairn build project --tag project:2 --no-cache --quiet) == "$first" ]]
  cairn validate project:1 --quiet
  cairn unpack project:1 root --quiet
  [[ $(<root/opt/two) == one && -L root/opt/link && ! -e root/etc/issue.net && ! -e root/var/log/run.log && ! -e root/tmp/scratch ]]
  [[ $(stat -c %a root/opt/directory) == 750 ]]
  # The second step alone.
  sed -i 's|>/opt/two|>/opt/three|' project/cairn.yaml
  run --separate-stderr -0 cairn build project --tag project:3 --json
  [[ $(json '[.steps[] | select(.made) | .kind] | join(" ")') == run ]]
  [[ -z $(buildah containers --quiet --filter name=cairn-) ]]
}

@test "a run step that fails shows its last lines and leaves nothing" {
  with_debian
  printf 'base: {image: "debian:1"}\nlayers:\n- run: |\n    echo some text >&2\n    false\n' >project/cairn.yaml
  run --separate-stderr -1 cairn build project --tag project:1 --quiet
  [[ $stderr == *"project/cairn.yaml:3:3: "*"some text"* ]]
  run -1 cairn inspect project:1
  [[ -z $(buildah containers --quiet --filter name=cairn-) ]]
}

@test "a run step that does not do the same twice is told, with the files" {
  with_debian
  printf 'base: {image: "debian:1"}\nlayers:\n- run: "date +%%N >/opt/now; echo same >/opt/same"\n' >project/cairn.yaml
  cairn build project --tag project:1 --quiet >/dev/null
  run --separate-stderr -0 cairn build project --tag project:1 --no-cache
  [[ $stderr == *"project/cairn.yaml:3:3: gave other bytes than the last time, in 1 path: opt/now"* ]]
}

@test "buildah missing: the line names the steps that need it" {
  with_debian
  printf 'base: {image: "debian:1"}\nlayers:\n- run: true\n- packages: [curl]\n' >project/cairn.yaml
  mkdir bin
  run --separate-stderr -1 env PATH="$PWD/bin" "$CAIRN" build project --tag project:1
  one_line_error "project/cairn.yaml:3:3, project/cairn.yaml:4:3"
}
