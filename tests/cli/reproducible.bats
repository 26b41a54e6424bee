#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# The digest is a function of the tree and of what cairn is told, and of nothing else on the machine.

# bats and support.bash set variables.
# shellcheck disable=SC2154
load support

setup_file() {
  clean_environment
  files=$(mktemp -d)
  export files
  chmod 755 "$files"
  python3 "$checkout/tests/support/odd_tree.py" "$files/tree" /opt/easybuild
  split "$files/tree" >"$files/digest"
}

teardown_file() { rm -rf "$files"; }

# split TREE [OPTION…]: into a store of its own; prints the digest. In a subshell, so that callers can say `umask` before.
split() {
  local store
  store=$(mktemp -d)
  cairn split "$1" --target /opt/easybuild --tag library:1 --store "$store/store" --quiet "${@:2}"
  rm -rf "$store"
}

same() { [[ $1 == "$(<"$files/digest")" ]]; }

@test "any umask gives the same digest" {
  for mask in 022 077 000; do same "$(umask "$mask" && split "$files/tree")"; done
}

@test "any locale gives the same digest" {
  # Turkish has its own idea of i and I, German of what comes first and of what stands in front of decimals.
  for name in tr_TR de_DE; do
    localedef -i "$name" -f UTF-8 --no-archive "$BATS_TEST_TMPDIR/$name.UTF-8" || skip "localedef has no source for $name"
  done
  export LOCPATH=$BATS_TEST_TMPDIR
  for name in C C.UTF-8 tr_TR.UTF-8 de_DE.UTF-8; do same "$(LC_ALL=$name split "$files/tree")"; done
}

@test "any time zone gives the same digest" {
  for zone in UTC Asia/Kathmandu America/St_Johns; do same "$(TZ=$zone split "$files/tree")"; done
}

@test "any number of threads gives the same digest" {
  for jobs in 1 2 8; do same "$(split "$files/tree" --jobs "$jobs")"; done
}

@test "any user gives the same digest" {
  [[ $(id -u) == 0 ]] || skip "changing the user needs root"
  local place=$files/nobody
  mkdir "$place"
  cp -a "$files/tree" "$place/tree"
  # Only root reads what its owner may not; what is shipped may be read by all either way.
  find "$place/tree" -type f ! -perm -u+r -exec chmod u+r {} +
  chown -Rh 65534:65534 "$place"
  same "$(HOME=$place setpriv --reuid=65534 --regid=65534 --clear-groups "$CAIRN" split "$place/tree" --target /opt/easybuild --tag library:1 \
    --store "$place/store" --quiet)"
}

@test "any place gives the same digest" {
  mkdir -p "$BATS_TEST_TMPDIR/a b/ü"
  cp -a "$files/tree" "$BATS_TEST_TMPDIR/a b/ü/other"
  same "$(split "$BATS_TEST_TMPDIR/a b/ü/other")"
  cd "$BATS_TEST_TMPDIR/a b"
  same "$(split ü/other)"
}

@test "any file system gives the same digest" {
  local place
  place=$(mktemp -d /dev/shm/cairn.XXXXXX) || skip "no /dev/shm"
  [[ $(stat -f -c %T "$place") != "$(stat -f -c %T "$files")" ]] || skip "/dev/shm and $files are on one kind of file system"
  cp -a "$files/tree" "$place/tree"
  digest=$(split "$place/tree") || true
  rm -rf "$place"
  same "$digest"
}

@test "any order of creation gives the same digest" {
  local order
  for order in 1 2; do
    mkdir "$BATS_TEST_TMPDIR/$order"
    (cd "$files/tree" && find . -mindepth 1 -print0 | shuf -z --random-source=<(yes "$order") |
      tar -c --no-recursion --null --verbatim-files-from -T - -f - --format=pax) |
      tar -x --delay-directory-restore -p -C "$BATS_TEST_TMPDIR/$order"
    same "$(split "$BATS_TEST_TMPDIR/$order")"
  done
}

@test "a second run, and one after another release, give the same digest" {
  local store=$BATS_TEST_TMPDIR/store
  for tag in library:1 library:1 library:2; do
    same "$(cairn split "$files/tree" --target /opt/easybuild --tag "$tag" --store "$store" --quiet)"
  done
}

@test "SOURCE_DATE_EPOCH changes the times of the config and nothing else" {
  local store=$BATS_TEST_TMPDIR/store
  cairn split "$files/tree" --target /opt/easybuild --tag library:1 --store "$store" --quiet
  SOURCE_DATE_EPOCH=1700000000 cairn split "$files/tree" --target /opt/easybuild --tag library:2 --store "$store" --quiet
  blob() { jq "$2" <"$store/blobs/sha256/${1#sha256:}"; }
  for tag in 1 2; do
    manifest=$(jq -r --arg tag "library:$tag" '.manifests[] | select(.annotations["org.opencontainers.image.ref.name"] == $tag) | .digest' "$store/index.json")
    blob "$manifest" 'del(.config)' >"manifest$tag"
    config=$(jq -r .config.digest <"$store/blobs/sha256/${manifest#sha256:}")
    blob "$config" 'del(.created, .history[].created)' >"config$tag"
    blob "$config" '[.created, .history[].created] | unique' >"times$tag"
  done
  cmp manifest1 manifest2
  cmp config1 config2
  [[ $(jq -r '.[]' times1) == 1970-01-01T00:00:00Z ]]
  [[ $(jq -r '.[]' times2) == 2023-11-14T22:13:20Z ]]
}
