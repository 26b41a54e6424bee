#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0

# bats and support.bash set variables; what is quoted is for another shell or for sed.
# shellcheck disable=SC2154,SC2016
load support

# What holds for every command: signals, progress, locale.

# big_tree: one that takes a while to split.
big_tree() {
  with_tree
  head -c 40000000 /dev/urandom >easybuild/software/Hello/2.0/share/noise
}

@test "SIGTERM ends a split with 130 and publishes nothing; a rerun finishes" {
  big_tree
  "$CAIRN" split easybuild --tag library:1 --level 19 --jobs 1 2>stderr &
  split=$!
  until [[ -d $HOME/.local/share/cairn/store/cairn/tmp ]]; do kill -0 "$split"; done
  kill -TERM "$split"
  status=0
  wait "$split" || status=$?
  [[ $status == 130 ]]
  grep -q '^cairn: interrupted$' stderr
  [[ -z $(cairn images --names) ]]
  cairn validate --all --quiet
  cairn split easybuild --tag library:1 --quiet
}

@test "a signal that was ignored at the start stays ignored" {
  with_tree
  run --separate-stderr -0 bash -c 'trap "" INT; "$CAIRN" split easybuild --tag library:1 & sleep 0; kill -INT $!; wait $!'
}

@test "--progress=json gives JSON lines alone on stderr" {
  with_tree
  run --separate-stderr -0 cairn split easybuild --tag library:1 --progress json
  jq -e . <<<"$stderr" >/dev/null
  [[ $(jq -rs 'map(select(.event == "begin")) | length' <<<"$stderr") == "$(jq -rs 'map(select(.event == "end")) | length' <<<"$stderr")" ]]
  run --separate-stderr -1 cairn inspect nope --progress json --store "$HOME/.local/share/cairn/store"
  [[ $(jq -r .level <<<"$stderr") == error ]]
}

@test "bars are drawn on a terminal and gone at the end" {
  big_tree
  script -qefc "$CAIRN split easybuild --tag library:1 --level 19" typescript >/dev/null </dev/null
  grep -q '\[=*>' typescript
  grep -q $'\e\\[J' typescript
}

@test "--quiet is quiet" {
  with_tree
  run --separate-stderr -0 cairn split easybuild --tag library:1 --quiet
  [[ -z $stderr && $output == sha256:* ]]
}

@test "the locale changes nothing" {
  with_tree
  run --separate-stderr -0 cairn split easybuild --tag library:1
  first=$output
  LC_ALL=tr_TR.UTF-8 LANG=tr_TR.UTF-8 run --separate-stderr -0 cairn split easybuild --tag library:2
  [[ $output == "$first" ]]
}
