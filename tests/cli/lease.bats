#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0

# bats and support.bash set variables; what is quoted is for another shell.
# shellcheck disable=SC2154,SC2016
load support

with_volume() {
  with_tree "$PWD/volume"
  cairn split easybuild --target "$PWD/volume" --tag library:1 --store store --quiet >/dev/null
  cairn populate library:1 volume --store store --quiet >first
  rm -r easybuild/software/Greeting easybuild/modules/all/Greeting
  cairn split easybuild --target "$PWD/volume" --tag library:2 --store store --quiet >/dev/null
}

@test "what a lease holds outlives gc, and then goes" {
  with_volume
  cairn lease hold volume -- sh -c '
    "$CAIRN" populate library:2 volume --store store --quiet
    "$CAIRN" volume gc volume --keep 1 --grace 0 --quiet
    test -x volume/software/Greeting/2.0/bin/greeting' >/dev/null
  [[ $(cairn volume status volume --json | jq '.generations | length') == 2 ]]
  cairn volume gc volume --keep 1 --grace 0 --quiet
  [[ ! -e volume/software/Greeting/2.0 ]]
}

@test "passes on the exit code, and leaves no lease" {
  with_volume
  run -7 cairn lease hold volume -- sh -c 'exit 7'
  [[ -z $(ls volume/.cairn/leases) ]]
  run -1 cairn lease hold volume -- no-such-program
  run -2 cairn lease drop volume -- true
}

@test "a lease whose program was killed counts no more" {
  with_volume
  "$CAIRN" lease hold volume -- sleep 5 3>&- &
  until [[ -n $(ls volume/.cairn/leases/*.json 2>/dev/null) ]]; do :; done
  kill -KILL $!
  wait $! || true
  [[ $(cairn volume status volume --json | jq '.leases[0].stale') == true ]]
  cairn volume gc volume --quiet
  [[ -z $(ls volume/.cairn/leases) ]]
}

@test "a directory that is no volume is named" {
  mkdir other
  run --separate-stderr -1 cairn lease hold other -- true
  one_line_error "is no volume"
}
