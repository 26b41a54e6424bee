#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0

# bats and support.bash set variables; what is quoted is for another shell or for sed.
# shellcheck disable=SC2154,SC2016
load support

@test "makes one layer that shows the same" {
  with_store
  mkdir -p change/opt/easybuild/software
  touch change/opt/easybuild/software/.wh.Secret
  tar -C change -cf change.tar opt/easybuild/software/.wh.Secret
  cairn append library:2026.11 change.tar --tag library:less --quiet
  run --separate-stderr -0 cairn flatten library:less --tag flat:1 --json
  [[ $(json .layers) == 1 ]]
  run -0 cairn validate flat:1
  cairn unpack library:less many --quiet
  cairn unpack flat:1 one --quiet
  diff --recursive --no-dereference many one
  [[ -e one/opt/easybuild/software/Hello && ! -e one/opt/easybuild/software/Secret ]]
  run -0 cairn inspect flat:1 --json
  [[ $(json .library) == false ]]
}

@test "gives the same bytes whatever the threads, and others for another codec" {
  with_store
  run --separate-stderr -0 cairn flatten library:2026.11 --tag flat:1 --jobs 1
  one=$output
  run --separate-stderr -0 cairn flatten library:2026.11 --tag flat:2 --jobs 4
  [[ $output == "$one" ]]
  CAIRN_COMPRESSION=gzip run --separate-stderr -0 cairn flatten library:2026.11 --tag flat:3
  [[ $output != "$one" ]]
  [[ $(cairn inspect flat:3 --json | jq -r '.layers[0].media_type') == *gzip ]]
}

@test "says which layer is broken" {
  with_store
  layer=$(cairn inspect library:2026.11 --json | jq -r '.layers[0].digest')
  rm "$HOME/.local/share/cairn/store/blobs/sha256/${layer#sha256:}"
  run --separate-stderr -1 cairn flatten library:2026.11 --tag flat:1
  one_line_error "${layer#sha256:}"
}
