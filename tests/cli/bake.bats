#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0

# bats and support.bash set variables; what is quoted is for another shell or for sed.
# shellcheck disable=SC2154,SC2016
load support

setup() {
  in_empty_place
  with_store
  base_image debian:1 one --env PATH=/usr/bin --env MODULEPATH=/usr/share/modules
}

@test "puts all of a library on an image, as it is" {
  run --separate-stderr -0 cairn bake oci:bases:debian:1 --library library:2026.11 --tag app:1 --json
  [[ $(json .new_layers) == 0 && $(json .units) == 5 && $(json .replaced) == false ]]
  [[ $stderr == *"all of the library: 5 units"* ]]
  run -0 cairn validate app:1
  cairn unpack app:1 root --quiet
  cairn unpack library:2026.11 library --quiet
  diff --recursive --no-dereference root/opt/easybuild library/opt/easybuild
  [[ $(<root/etc/release) == one ]]
  run -0 cairn inspect app:1 --json
  [[ $(json '.config.env | join(" ")') == "PATH=/usr/bin MODULEPATH=/opt/easybuild/modules/all:/usr/share/modules LMOD_RC=/opt/easybuild/.cairn/lmod/lmodrc.lua" ]]
}

@test "puts a module with what it needs on an image" {
  run --separate-stderr -0 cairn bake oci:bases:debian:1 --library library:2026.11 --module Greeting --tag app:1
  part=$output
  run -0 cairn validate app:1
  cairn unpack app:1 root --quiet
  [[ $(cd root/opt/easybuild/software && echo */*) == "Greeting/2.0 Hello/1.0" ]]
  run -0 cairn modules app:1 --json
  [[ $(json '[.modules[].name] | join(" ")') == "Greeting/2.0 Hello/1.0" ]]
  # The default of Hello is 2.0, which is not there.
  [[ ! -e root/opt/easybuild/modules/all/Hello/default && ! -L root/opt/easybuild/modules/all/Hello/default ]]
  grep -q Greeting/2.0 root/opt/easybuild/.cairn/lmod/spiderT.lua
  run ! grep -q -e Secret -e Hello/2.0 root/opt/easybuild/.cairn/lmod/spiderT.lua
  printf '_ModuleTable_ = { mT = { Greeting = { fullName = "Greeting/2.0", loadOrder = 1 } } }' >mine
  run --separate-stderr -0 cairn bake oci:bases:debian:1 --library library:2026.11 --collection mine --tag app:2
  [[ $output == "$part" ]]
}

@test "replaces a library that the image has" {
  cairn bake oci:bases:debian:1 --library library:2026.11 --tag app:1 --quiet
  run --separate-stderr -0 cairn bake app:1 --library library:2026.11 --module Hello/2.0 --tag app:2
  [[ $stderr == *"app:1: has a library, which is replaced"* ]]
  [[ $output == "$(cairn bake oci:bases:debian:1 --library library:2026.11 --module Hello/2.0 --tag app:3 --quiet)" ]]
}

@test "reads layouts and archives" {
  cairn annotate library:2026.11 a=1 --tag library:x --output oci-archive:library.tar --quiet
  run --separate-stderr -0 cairn bake oci:bases:debian:1 --library oci-archive:library.tar --tag app:1 --output oci-archive:app.tar --store other
  run -0 cairn validate oci-archive:app.tar
}

@test "says what is wrong in one line" {
  run --separate-stderr -1 cairn bake oci:bases:debian:1 --library oci:bases:debian:1 --tag app:1
  one_line_error "not a library"
  run --separate-stderr -1 cairn bake oci:bases:debian:1 --library library:2026.11 --module Hello/3.0 --tag app:1
  one_line_error "module 'Hello/3.0' is not in the library; near names: "
  printf 'nothing' >mine
  run --separate-stderr -1 cairn bake oci:bases:debian:1 --library library:2026.11 --collection mine --tag app:1
  one_line_error "'mine': no Lmod collection"
  base_image debian:arm one --architecture arm64
  run --separate-stderr -1 cairn bake oci:bases:debian:arm --library library:2026.11 --tag app:1
  one_line_error "the image is for 'linux'/'arm64'"
  run --separate-stderr -2 cairn bake oci:bases:debian:1 --tag app:1
  one_line_error "--library"
  run --separate-stderr -1 cairn inspect app:1
  one_line_error "no such tag"
}
