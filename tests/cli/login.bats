#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0

# bats and support.bash set variables; what is quoted is for another shell or for sed.
# shellcheck disable=SC2154,SC2016
load support
load ../support/registry/registry

teardown() { stop_registries; }

@test "keeps what the registry takes, where other tools find it" {
  with_store
  for kind in basic token; do
    start_registry "$BATS_TEST_TMPDIR/$kind" "$kind"
    run --separate-stderr -0 cairn login "$registry" --username me --password-stdin --tls-verify false <<<geheim
    [[ -z $output && $stderr == *"logged in to $registry as 'me'"* ]]
    auth=$HOME/.config/containers/auth.json
    [[ $(stat -c %a "$auth") == 600 && $(jq -r ".auths[\"$registry\"].auth" "$auth" | base64 -d) == me:geheim ]]
    run --separate-stderr -0 cairn push library:2026.11 "$registry/library:1" --tls-verify false
    run --separate-stderr -0 skopeo inspect --tls-verify=false --authfile "$auth" "docker://$registry/library:1"
    stop_registries
  done
}

@test "takes what skopeo keeps" {
  with_store
  start_registry "$BATS_TEST_TMPDIR/r" basic
  skopeo login --tls-verify=false --authfile auth.json -u me -p geheim "$registry"
  run --separate-stderr -0 cairn push library:2026.11 "$registry/library:1" --tls-verify false --authfile auth.json
}

@test "keeps nothing that the registry refuses" {
  start_registry "$BATS_TEST_TMPDIR/r" basic
  run --separate-stderr -1 cairn login "$registry" --username me --password-stdin --tls-verify false <<<falsch
  one_line_error "$registry: access denied (401"
  [[ $stderr != *falsch* && ! -e $HOME/.config/containers/auth.json ]]
}

@test "asks at a terminal only" {
  run --separate-stderr -2 cairn login localhost:1 </dev/null
  one_line_error "'login' needs --username, since stdin is no terminal to ask at"
  run --separate-stderr -1 cairn login 'no host' --username me --password-stdin <<<geheim
  one_line_error "'no host': no registry: give host or host:port"
}
