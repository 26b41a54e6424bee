#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0

# bats and support.bash set variables; what is quoted is for another shell or for sed.
# shellcheck disable=SC2154,SC2016
# What a registry does wrong, seen from the command line: the one line that is said, and the exit code. The room's own tests
# (tests/unit/registry, tests/unit/http) say more of each.
load support
load ../support/registry/registry

setup_file() {
  clean_environment
  "$checkout/tests/support/trees/small-tree" "$BATS_FILE_TMPDIR/easybuild" /opt/easybuild
  cairn split "$BATS_FILE_TMPDIR/easybuild" --target /opt/easybuild --tag library:2026.11 --store "$BATS_FILE_TMPDIR/store" --quiet \
    >"$BATS_FILE_TMPDIR/digest"
}

teardown() { stop_registries; }

# with_image: library:2026.11 in the default store and, as library:1, in a quirk registry.
with_image() {
  with_store
  start_quirk_registry "$BATS_TEST_TMPDIR/r"
  cairn push library:2026.11 "$registry/library:1" --tls-verify false --quiet >/dev/null
  layer=$(cairn inspect library:2026.11 --json | jq -r '.layers[0].digest')
  size=$(cairn inspect library:2026.11 --json | jq -r '.layers[0].size_bytes')
}

# pull_says QUIRKS LINE: pulling fails with exactly that line, with exit code 1, and keeps no layer.
pull_says() {
  quirks "$1"
  rm -rf "$BATS_TEST_TMPDIR/pulled"
  run --separate-stderr -1 cairn pull "$registry/library:1" --tls-verify false --store "$BATS_TEST_TMPDIR/pulled" --creds me:geheim
  [[ $stderr == "cairn: $2" ]] || {
    printf 'quirks   %s\nsays     %s\nexpected cairn: %s\n' "$1" "$stderr" "$2"
    return 1
  }
  [[ $stderr != *geheim* ]]
  quirks '{}'
}

push_says() {
  quirks "$1"
  run --separate-stderr -1 cairn push library:2026.11 "$registry/other:2" --tls-verify false --creds me:geheim
  [[ $stderr == "cairn: $2" ]] || {
    printf 'quirks   %s\nsays     %s\nexpected cairn: %s\n' "$1" "$stderr" "$2"
    return 1
  }
  [[ $stderr != *geheim* ]]
  quirks '{}'
}

@test "challenges and token servers" {
  with_image
  at="manifest $registry/library:1"
  pull_says '{"challenge": [""]}' \
    "$registry: wants credentials (401) but does not say which kind: no Bearer or Basic in WWW-Authenticate"
  pull_says '{"challenge": ["Bearer realm=\"x"]}' "WWW-Authenticate: a quote without its end"
  pull_says '{"challenge": ["Bearer realm=\"https://evil.example.com/t\""]}' \
    "$at: $registry: its token server evil.example.com is neither this host nor of its domain; no credentials are sent there"
  pull_says '{"challenge": ["Bearer realm=\"http://169.254.169.254/t\""]}' \
    "$at: $registry: its token server 169.254.169.254 is neither this host nor of its domain; no credentials are sent there"
  pull_says '{"challenge": ["Bearer realm=\"file:///etc/passwd\""]}' \
    "$at: $registry: realm of its token server: URL 'file:///etc/passwd': is neither http nor https"
  pull_says '{"challenge": ["Bearer realm=\"https://reg@evil/\""]}' \
    "$at: $registry: realm of its token server: URL '***@evil/': holds a user name; credentials do not belong in a URL"
  pull_says '{"challenge": ["Basic realm=x"], "users": {"me": "other"}}' \
    "$registry/library: access denied (401: UNAUTHORIZED: authentication required) to user 'me' of --creds; cairn login $registry gives other credentials"
  realm='"challenge": ["Bearer realm=\"http://127.0.0.1:{port}/token\""], "users": {"me": "geheim"}'
  pull_says "{$realm, \"token_body\": \"{}\"}" "$at: token from $registry: its answer: 'access_token' is missing"
  pull_says "{$realm, \"token_body_bytes\": 1073741824}" "$at: GET http://$registry/token?service=***&scope=***&account=***: larger than the limit of 1048576 bytes"
}

@test "redirects" {
  with_image
  pull_says '{"redirect": [{"where": "GET /manifests/", "to": "http://169.254.169.254/x"}]}' \
    "manifest $registry/library:1: GET http://169.254.169.254/x: leads to 169.254.169.254, an address of this machine or its link, where a registry elsewhere must not send us"
  pull_says '{"redirect": [{"where": "GET /manifests/", "to": "/v2/library/manifests/1"}]}' \
    "manifest $registry/library:1: http://$registry/v2/library/manifests/1: more than 5 redirects"
  pull_says '{"redirect": [{"where": "GET /manifests/", "to": "https://me:geheim@evil/x"}]}' \
    "manifest $registry/library:1: http://$registry/v2/library/manifests/1: its redirect: URL '***@evil/x': holds a user name; credentials do not belong in a URL"
}

@test "busy for too long" {
  with_image
  pull_says '{"status": [{"where": "GET /manifests/", "status": 429, "headers": {"Retry-After": "99999"}}]}' \
    "manifest $registry/library:1: http://$registry/v2/library/manifests/1: status 429, asks to wait 99999 s, the limit is 300; try again later"
}

@test "manifests that are not what they should be" {
  with_image
  pull_says '{"content_type": "application/vnd.oci.image.index.v1+json"}' \
    "manifest $registry/library:1: 'mediaType' is 'application/vnd.oci.image.manifest.v1+json', the registry sends it as 'application/vnd.oci.image.index.v1+json'"
  pull_says '{"status": [{"where": "GET /manifests/", "status": 200, "body": "{\"schemaVersion\": 1}"}]}' \
    "manifest $registry/library:1: Docker schema 1, which cairn does not read; push the image anew with a current tool"
  pull_says '{"endless": true}' "manifest $registry/library:1: GET http://$registry/v2/library/manifests/1: larger than the limit of 4194304 bytes"
  pull_says '{"status": [{"where": "GET /manifests/", "status": 404}]}' "$registry/library:1: not in the registry"
}

@test "layers that are not what they should be" {
  with_image
  at="blob ${layer:7:12}: blob $layer"
  pull_says "{\"spoil\": {\"$layer\": \"00\"}}" "$at: the registry has 1 bytes, its descriptor says $size"
  pull_says '{"content_encoding": "gzip"}' "$at: comes with Content-Encoding 'gzip', which was not asked for"
  control POST "/_forget/$layer" >/dev/null
  pull_says '{}' "$at: not in $registry/library"
}

@test "uploads that go astray" {
  with_image
  control POST /_reset >/dev/null
  push_says '{"no_location": true}' "blob ${layer:7:12}: $registry/other: began an upload (202) without saying where (no Location)"
  push_says '{"location": "https://evil.example.com{path}"}' \
    "blob ${layer:7:12}: $registry: wants an upload to go to https://evil.example.com, which is neither this host nor of its domain"
  push_says '{"status": [{"where": "POST /uploads/", "status": 403, "body": "{\"errors\":[{\"code\":\"DENIED\",\"message\":\"quota\"}]}"}]}' \
    "blob ${layer:7:12}: $registry/other: access denied (403: DENIED: quota); no credentials for it in '$HOME/.config/containers/auth.json', '$HOME/.docker/config.json', '$HOME/.dockercfg'; cairn login $registry gives them"
  push_says '{"status": [{"where": "PUT /manifests/", "status": 413}]}' "PUT http://$registry/v2/other/manifests/2: status 413"
}

@test "documents that are not what they should be, each in one line" {
  start_quirk_registry "$BATS_TEST_TMPDIR/r"
  corpus=$checkout/tests/hostile/oci
  cases=0
  while IFS=$'\t' read -r name kind verdict fragment; do
    [[ $name == *.json && $verdict != accept ]] || continue
    case $name in
      74-*) fragment="the registry sends it as" ;;
      80-not-an-object.json) fragment="not an object" ;;
    esac
    type=application/vnd.oci.image.$kind.v1+json
    document=$corpus/$name
    rules=()
    if [[ $kind == config ]]; then
      # A manifest that names it.
      digest=$(sha256sum "$document" | cut -d ' ' -f 1)
      type=application/vnd.oci.image.manifest.v1+json
      jq -n --arg digest "sha256:$digest" --argjson size "$(stat -c %s "$document")" '{schemaVersion: 2,
        mediaType: "application/vnd.oci.image.manifest.v1+json", layers: [], config: {mediaType: "application/vnd.oci.image.config.v1+json",
        digest: $digest, size: $size}}' >"$name"
      rules=("{\"where\": \"GET /blobs/sha256:$digest\", \"status\": 200, \"file\": \"$document\"}")
      document=$PWD/$name
    fi
    rules+=("{\"where\": \"GET /manifests/\", \"status\": 200, \"file\": \"$document\", \"headers\": {\"Content-Type\": \"$type\"}}")
    quirks "{\"status\": [$(IFS=,; echo "${rules[*]}")]}"
    run --separate-stderr cairn inspect "docker://$registry/x:1" --tls-verify false
    [[ $status == 1 && -z $output && $stderr == "cairn: "*"$fragment"* && $stderr != *$'\n'* ]] || {
      printf '%s: exit code %s\n%s\nexpected in it: %s\n' "$name" "$status" "$stderr" "$fragment"
      return 1
    }
    ((++cases))
  done < <(grep -v '^#' "$corpus/expected.tsv")
  ((cases >= 50))
}
