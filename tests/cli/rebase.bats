#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0

# bats and support.bash set variables; what is quoted is for another shell or for sed.
# shellcheck disable=SC2154,SC2016
load support

setup() {
  in_empty_place
  with_store
  base_image debian:1 old --env PATH=/usr/bin --env VERSION=1
  base_image debian:2 new --env PATH=/usr/local/bin:/usr/bin --env VERSION=2
}

@test "exchanges the base below an image" {
  cairn bake oci:bases:debian:1 --library library:2026.11 --tag app:0 --quiet
  cairn mutate app:0 --env PATH=/app/bin:/usr/bin --tag app:1 --quiet
  run --separate-stderr -0 cairn rebase app:1 --old-base oci:bases:debian:1 --new-base oci:bases:debian:2 --tag app:2
  run -0 cairn validate app:2
  cairn unpack app:2 root --quiet
  [[ $(<root/etc/release) == new && -e root/opt/easybuild/software/Hello/1.0/bin/hello ]]
  run -0 cairn inspect app:2 --json
  [[ $(json '.config.env | index("PATH=/app/bin:/usr/local/bin:/usr/bin") != null and index("VERSION=2") != null') == true ]]
  [[ $(json '.annotations["org.opencontainers.image.base.name"]') == debian:2 ]]
  [[ $(json '.annotations["org.opencontainers.image.base.digest"]') == "$(cairn inspect oci:bases:debian:2 --json | jq -r .manifest)" ]]
  [[ $(cairn modules app:2) == "$(cairn modules library:2026.11)" ]]
}

@test "finds both bases from annotations" {
  cairn mutate oci:bases:debian:1 --label a=1 --tag debian:12 --quiet
  cairn bake debian:12 --library library:2026.11 --tag app:1 --quiet
  cairn mutate oci:bases:debian:2 --label a=1 --tag debian:12 --quiet
  run --separate-stderr -0 cairn rebase app:1 --tag app:2
  cairn unpack app:2 root --quiet
  [[ $(<root/etc/release) == new ]]
}

@test "refuses a base that the image was not built on" {
  cairn bake oci:bases:debian:1 --library library:2026.11 --tag app:1 --quiet
  run --separate-stderr -1 cairn rebase app:1 --old-base oci:bases:debian:2 --new-base oci:bases:debian:2 --tag app:2
  one_line_error "the image was not built on the old base sha256:"
  base_image debian:arm new --architecture arm64
  run --separate-stderr -1 cairn rebase app:1 --old-base oci:bases:debian:1 --new-base oci:bases:debian:arm --tag app:2
  one_line_error "the image is for 'linux'/'amd64', the new base for 'linux'/'arm64'"
  run --separate-stderr -1 cairn rebase library:2026.11 --tag app:2
  one_line_error "does not say what it was built on"
  run --separate-stderr -1 cairn rebase app:1 --new-base oci:bases:debian:2 --tag app:2
  one_line_error "old base: "
}
