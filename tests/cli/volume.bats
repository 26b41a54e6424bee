#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0

# bats and support.bash set variables; what is quoted is for jq.
# shellcheck disable=SC2154,SC2016
load support

# with_volume: ./volume with library:1; library:2 is in the store too. $first is its generation.
with_volume() {
  with_tree "$PWD/volume"
  cairn split easybuild --target "$PWD/volume" --tag library:1 --store store --quiet >/dev/null
  first=$(cairn populate library:1 volume --store store --quiet)
  rm -r easybuild/software/Greeting easybuild/modules/all/Greeting
  echo changed >easybuild/software/Hello/2.0/share/data
  cairn split easybuild --target "$PWD/volume" --tag library:2 --store store --quiet >/dev/null
}

@test "status says what the volume shows, and what is not cairn's" {
  with_volume
  mkdir volume/home
  run --separate-stderr -0 cairn volume status volume --json
  [[ $(json .current) == "$first" && $(json .units) == 5 && $(json '.foreign | join(" ")') == home && $(json '.unfinished | length') == 0 ]]
  run -0 cairn volume status volume
  [[ $output == *"library:1"* ]]
}

@test "rollback shows the generation before, whole, and forward again" {
  with_volume
  second=$(cairn populate library:2 volume --store store --quiet)
  [[ $(cat volume/software/Hello/2.0/share/data) == changed && ! -e volume/modules/all/Greeting ]]
  [[ $(cairn volume rollback volume --quiet) == "$first" ]]
  [[ $(head -c 9 volume/software/Hello/2.0/share/data) == "Hello 2.0" && -e volume/modules/all/Greeting/2.0.lua ]]
  [[ $(cairn volume rollback volume "${second:0:6}" --quiet) == "$second" ]]
  [[ $(cairn volume history volume --json | jq -r '.events | map(.action) | join(" ")') == "populate populate rollback rollback" ]]
  run --separate-stderr -1 cairn volume rollback volume 0000
  one_line_error "holds no generation"
}

@test "diff names units" {
  with_volume
  cairn populate library:2 volume --store store --quiet >/dev/null
  run --separate-stderr -0 cairn volume diff volume "$first"
  [[ $output == $'~ Hello/2.0\n- Greeting/2.0' ]]
}

@test "gc keeps what is current, young, or among the newest" {
  with_volume
  cairn populate library:2 volume --store store --quiet >/dev/null
  [[ $(cairn volume gc volume --keep 1 --json | jq '.generations | length') == 0 ]]
  [[ $(cairn volume gc volume --keep 2 --grace 0 --json | jq '.generations | length') == 0 ]]
  [[ $(cairn volume gc volume --keep 1 --grace 0 --dry-run --json | jq -r '.units | join(" ")') == "Greeting/2.0 Hello/2.0" ]]
  [[ -e volume/software/Greeting/2.0 ]]
  run --separate-stderr -0 cairn volume gc volume --keep 1 --grace 0 --json
  [[ $(json '.generations[0]') == "$first" && $(json '.busy | length') == 0 ]]
  [[ ! -e volume/software/Greeting/2.0 && -z $(ls volume/.cairn/trash) ]]
  cairn volume verify volume --quiet
}

@test "verify finds what changed, is missing, or does not belong there; --repair pours it again" {
  with_volume
  cairn volume verify volume --quiet
  printf 'X' | dd of=volume/software/Hello/1.0/share/data bs=1 seek=5 conv=notrunc status=none
  rm volume/software/Greeting/2.0/bin/greeting
  touch volume/software/Hello/2.0/stray
  run --separate-stderr -3 cairn volume verify volume --json
  [[ $(json '.drift | map(.kind) | sort | join(" ")') == "damage damage stray" ]]
  [[ $(json '.drift | map(.unit) | sort | join(" ")') == "Greeting/2.0 Hello/1.0 Hello/2.0" ]]
  run -3 cairn volume verify volume --repair library:1 --store store --quiet
  [[ -e volume/software/Hello/2.0/stray && -x volume/software/Greeting/2.0/bin/greeting ]]
  rm volume/software/Hello/2.0/stray
  cairn volume verify volume --quiet
}

@test "verify finds links that users need and repairs them" {
  with_volume
  rm volume/software
  run -3 cairn volume verify volume
  cairn volume verify volume --repair library:1 --store store --quiet
  [[ -x volume/software/Hello/1.0/bin/hello ]]
}

@test "a directory that is no volume, and words that make no sense, are named" {
  mkdir other
  for action in status history verify gc rollback; do
    run --separate-stderr -1 cairn volume "$action" other
    one_line_error "is no volume"
  done
  [[ -z $(ls -A other) ]]
  run -2 cairn volume polish other
  run -2 cairn volume status other more
}
