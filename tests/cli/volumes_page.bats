#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0

# bats and support.bash set variables; what is quoted is for another shell or for sed.
# shellcheck disable=SC2154,SC2016
load support

@test "docs/volumes.md does what it says" {
  with_tree "$PWD/volume"
  rsync -aWO --no-perms easybuild/ volume/
  inode=$(stat -c %i volume/software/Hello/1.0/share/data)
  {
    echo 'set -eu'
    echo 'cairn() { "$CAIRN" "$@"; }'
    sed -n '/^```sh$/,/^```$/p' "$checkout/docs/volumes.md" | grep -v '^```'
  } >page.sh
  [[ $(grep -c '^cairn ' page.sh) -ge 9 ]]
  run -0 bash page.sh
  [[ $(stat -c %i volume/software/Hello/1.0/share/data) == "$inode" ]]
  [[ -L volume/modules && $(volume/software/Hello/1.0/bin/hello) == "Hello 1.0" ]]
}
