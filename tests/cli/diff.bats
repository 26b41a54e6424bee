#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0

# bats and support.bash set variables.
# shellcheck disable=SC2154
load support

# Two releases: one unit changed, one removed, one in another version, one with another dependency.
releases() {
  with_tree /opt/easybuild
  cairn split easybuild --tag library:1 --quiet --layers 3
  echo more >>easybuild/software/Greeting/2.0/share/data
  rm -r easybuild/software/Secret easybuild/modules/all/Secret
  mv easybuild/software/Hello/1.0 easybuild/software/Hello/1.1
  mv easybuild/modules/all/Hello/1.0.lua easybuild/modules/all/Hello/1.1.lua
  sed -i 's,Hello/1.0,Hello/1.1,' easybuild/modules/all/Hello/1.1.lua easybuild/modules/all/Greeting/2.0.lua
  cairn split easybuild --tag library:2 --since library:1 --quiet --layers 3
}

@test "shows units that were added, removed, changed" {
  releases
  run --separate-stderr -0 cairn diff library:1 library:2
  [[ ${lines[0]} == UNIT*CHANGE*BEFORE*AFTER*WHAT ]]
  [[ $output =~ Greeting/2.0\ +changed\ .*needs\ Hello/1.1\;\ needs\ no\ more\ Hello/1.0 ]]
  [[ $output =~ Hello/1.1\ +added\ +-\ .*instead\ of\ Hello/1.0 ]]
  [[ $output =~ Secret/.1.0\ +removed\ .*\ - ]]
  [[ $output != *Hello/2.0* ]]
  [[ $stderr == *"units: 1 added, 1 changed, 2 removed"*"fetch: "*"unpack: "*"dead: "* ]]
}

@test "counts what an update fetches, as blobs have it" {
  releases
  run --separate-stderr -0 cairn diff library:1 library:2 --json
  layers() { cairn inspect "$1" --json | jq -r '.layers[] | "\(.digest) \(.size_bytes)"'; }
  expected=$(grep -vxFf <(layers library:1) <(layers library:2) | awk '{ n += $2 } END { print n }')
  manifest=$(json .after)
  blobs=$HOME/.local/share/cairn/store/blobs/sha256
  config=$(jq -r .config.digest "$blobs/${manifest#sha256:}")
  expected=$((expected + $(stat -c %s "$blobs/${manifest#sha256:}") + $(stat -c %s "$blobs/${config#sha256:}")))
  [[ $(json .fetched_bytes) == "$expected" ]]
  [[ $(json '.layers.kept + .layers.fetched') == $(layers library:2 | wc -l) ]]
  [[ $(json '.unpack.kept_layers + .unpack.layers') == $(layers library:2 | wc -l) ]]
  [[ $(json '.amplification >= 1') == true ]]
  [[ $(json '[.dead[].dead_bytes] | add // 0') == $(json .dead_bytes) ]]
  [[ $(json .dead_bytes) == $(cairn inspect library:2 --json | jq '[.layers[].dead_bytes] | add') ]]
}

@test "finds nothing between a library and itself" {
  with_store
  run --separate-stderr -0 cairn diff library:2026.11 "$digest"
  [[ -z $output && $stderr == *"0 added, 0 changed, 0 removed"*"fetch: 0 B in 0 layers"* ]]
  run --separate-stderr -0 cairn diff library:2026.11 library:2026.11 --json
  [[ $(json .fetched_bytes) == 0 && $(json 'has("amplification")') == false ]]
}

@test "writes Markdown in which names do nothing" {
  releases
  run --separate-stderr -0 cairn diff library:1 library:2 --markdown
  [[ ${lines[0]} == "### library:1 → library:2" ]]
  [[ $output == *"| Hello/1.1 | added | - |"*"- fetch: "* ]]
  run --separate-stderr -2 cairn diff library:1 library:2 --markdown --json
  one_line_error "give one of them"
}

@test "needs no layer of units" {
  releases
  cairn split easybuild --tag library:2 --quiet --layers 3 --output oci:layout
  cp -r "$HOME/.local/share/cairn/store" partial
  for layer in $(cairn inspect library:1 --json | jq -r '.layers[] | select(.kind == "units").digest'); do
    rm "partial/blobs/sha256/${layer#sha256:}"
  done
  run --separate-stderr -0 cairn diff oci:partial:library:1 oci:layout --json
  [[ $(json '.units | length') == 4 ]]
}

@test "refuses what is no library" {
  with_store
  umoci init --layout plain
  umoci new --image plain:x
  run --separate-stderr -1 cairn diff library:2026.11 oci:plain:x
  one_line_error "'oci:plain:x': "
  [[ $stderr == *"not a library"* ]]
}
