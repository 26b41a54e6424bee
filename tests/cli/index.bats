#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0

# bats and support.bash set variables; what is quoted is for another shell or for sed.
# shellcheck disable=SC2154,SC2016
load support

setup() {
  in_empty_place
  base_image debian:amd64 a
  base_image debian:arm64 b --architecture arm64
}

@test "makes one image of several platforms" {
  run --separate-stderr -0 cairn index create oci:bases:debian:amd64 oci:bases:debian:arm64 --annotation a=1 --tag debian:1
  index=$output
  run -0 cairn validate debian:1
  run -0 cairn inspect debian:1
  [[ $output == *linux/amd64* && $output == *linux/arm64* && $output == *"shown below"* ]]
  run -0 cairn inspect debian:1 --json
  [[ $(json .index.digest) == "$index" && $(json '[.index.manifests[].platform] | join(" ")') == "linux/amd64 linux/arm64" ]]
  [[ $(json .index.annotations.a) == 1 ]]
  cairn unpack debian:1 root --quiet
  [[ $(<root/etc/release) == a ]]
}

@test "puts indexes together" {
  cairn index create oci:bases:debian:arm64 --tag debian:arm --quiet
  run -0 cairn inspect debian:arm
  [[ $output == *linux/arm64* ]]
  run --separate-stderr -0 cairn index create debian:arm oci:bases:debian:amd64 --tag debian:1 --json
  [[ $(json .manifests) == 2 ]]
}

@test "refuses two images for one platform, and words it does not know" {
  base_image debian:other c
  run --separate-stderr -1 cairn index create oci:bases:debian:amd64 oci:bases:debian:other --tag debian:1
  one_line_error "two images for 'linux/amd64'"
  run --separate-stderr -2 cairn index delete debian:1 --tag debian:1
  one_line_error "'index' needs create and IMAGE"
  run --separate-stderr -1 cairn index create oci:bases:none --tag debian:1
  one_line_error "none"
}
