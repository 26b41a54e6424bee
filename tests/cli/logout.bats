#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0

# bats and support.bash set variables; what is quoted is for another shell or for sed.
# shellcheck disable=SC2154,SC2016
load support

@test "forgets one registry, or all" {
  printf '{"auths": {"a.io": {"auth": "YTox"}, "b.io": {"auth": "YTox"}}, "more": true}' >auth.json
  chmod 600 auth.json
  run --separate-stderr -0 cairn logout a.io --authfile auth.json
  [[ $(jq -cS . auth.json) == '{"auths":{"b.io":{"auth":"YTox"}},"more":true}' ]]
  run --separate-stderr -1 cairn logout a.io --authfile auth.json
  one_line_error "'a.io': no credentials in 'auth.json'"
  run --separate-stderr -0 cairn logout --all --authfile auth.json
  [[ $(jq -c .auths auth.json) == '{}' ]]
}

@test "wants one registry or all" {
  run --separate-stderr -2 cairn logout
  one_line_error "'logout' needs REGISTRY or --all, one of them"
}
