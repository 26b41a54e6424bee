#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0

# bats and support.bash set variables; what is quoted is for another shell or for sed.
# shellcheck disable=SC2154,SC2016
load support
load ../support/registry/registry

teardown() { stop_registries; }

@test "pushes an image, prints its digest, and sends nothing the second time" {
  with_store
  start_quirk_registry "$BATS_TEST_TMPDIR/r"
  run --separate-stderr -0 cairn push library:2026.11 "docker://$registry/modules/library:2026.11" --tls-verify false --digestfile digest
  [[ $output == "$digest" && $(<digest) == "$digest" ]]
  control DELETE /_requests
  run --separate-stderr -0 cairn push library:2026.11 "$registry/modules/library:2026.11" --tls-verify false
  [[ $output == "$digest" && $stderr == *"is this image already"* ]]
  [[ $(control GET /_requests | jq length) -le 5 ]]
  [[ $(control GET /_requests | jq 'map(.bytes) | add') == 0 ]]
}

@test "after one changed unit, sends that unit's layer, the index layer, config and manifest" {
  with_tree
  cairn split easybuild --tag library:1 --quiet
  start_quirk_registry "$BATS_TEST_TMPDIR/r"
  cairn push library:1 "$registry/library:1" --tls-verify false --quiet
  find easybuild/software -type f -name '*.txt' -o -type f -path '*/bin/*' | sort | head -n 1 | while read -r file; do echo changed >>"$file"; done
  cairn split easybuild --tag library:2 --quiet
  run --separate-stderr -0 cairn push library:2 "$registry/library:2" --tls-verify false --json
  [[ $(json .blobs) -le 3 ]]
}

@test "pushes to docker-registry with every kind of authentication, and over TLS with an authority of its own" {
  with_store
  for kind in basic token; do
    start_registry "$BATS_TEST_TMPDIR/$kind" "$kind"
    run --separate-stderr -1 cairn push library:2026.11 "$registry/team/library:1" --tls-verify false
    one_line_error "$registry/team/library: access denied (401"
    one_line_error "no credentials for it in '$HOME/.config/containers/auth.json', '$HOME/.docker/config.json', '$HOME/.dockercfg'; cairn login $registry gives them"
    run --separate-stderr -0 cairn push library:2026.11 "$registry/team/library:1" --tls-verify false --creds me:geheim
    [[ $output == "$digest" ]]
    stop_registries
  done
  start_registry "$BATS_TEST_TMPDIR/tls" tls
  run --separate-stderr -1 cairn push library:2026.11 "$registry/team/library:1"
  one_line_error "--cert-dir names a directory with its authority (*.crt)"
  run --separate-stderr -0 cairn push library:2026.11 "$registry/team/library:1" --cert-dir "$BATS_TEST_TMPDIR/tls/certs"
  mkdir -p "$HOME/.config/containers/certs.d/$registry"
  cp "$BATS_TEST_TMPDIR/tls/ca.crt" "$HOME/.config/containers/certs.d/$registry/"
  run --separate-stderr -0 cairn push library:2026.11 "$registry/team/library:2"
  run --separate-stderr -0 cairn push library:2026.11 "$registry/team/library:3" --tls-verify false
}

@test "says what a registry without TLS needs" {
  with_store
  start_registry "$BATS_TEST_TMPDIR/r"
  run --separate-stderr -1 cairn push library:2026.11 "$registry/library:1"
  one_line_error "answers without TLS; --tls-verify false takes it all the same"
}

@test "shows no secret in its log at the highest level" {
  with_store
  start_quirk_registry "$BATS_TEST_TMPDIR/r"
  quirks '{"users": {"me": "geheim"}, "challenge": ["Bearer realm=\"http://127.0.0.1:{port}/token\",service=\"quirk\""]}'
  run --separate-stderr -0 cairn push library:2026.11 "$registry/library:1" --tls-verify false --creds me:geheim --verbose
  [[ $stderr == *"GET http://$registry/token?service=***"* ]]
  [[ $stderr != *geheim* && $stderr != *token-* && $stderr != *secret-state* && $stderr != *bWU6* ]]
}

@test "goes on in the middle of a layer after it was killed" {
  mkdir big
  head -c 200000000 /dev/urandom >big/file
  umoci init --layout layout && umoci new --image layout:big && umoci insert --image layout:big big /big
  start_quirk_registry "$BATS_TEST_TMPDIR/r"
  "$CAIRN" push oci:layout:big "$registry/big:1" --tls-verify false --quiet &
  pid=$!
  # A chunk of 64 MiB is there, and the next on its way.
  until (($(control GET /_requests | grep -o '"PATCH"' | wc -l) >= 2)); do read -rt 0.01 <> <(:) || true; done
  kill -KILL "$pid"
  wait "$pid" || true
  [[ $(find "$HOME/.cache/cairn/uploads" -type f -perm 600 | wc -l) == 1 ]]
  run --separate-stderr -0 cairn push oci:layout:big "$registry/big:1" --tls-verify false --verbose
  at=$(grep -oE 'going on at byte [0-9]+' <<<"$stderr" | grep -oE '[0-9]+')
  ((at >= 64 << 20))
  [[ -z $(ls "$HOME/.cache/cairn/uploads") ]]
  skopeo copy -q --src-tls-verify=false "docker://$registry/big:1" oci:back:1
  [[ $(jq -r '.manifests[0].digest' layout/index.json) == $(jq -r '.manifests[0].digest' back/index.json) ]]
}

@test "needs a destination unless the name has one" {
  with_store
  run --separate-stderr -2 cairn push library:2026.11
  one_line_error "'push' needs a DESTINATION, since library:2026.11 names no registry"
}
