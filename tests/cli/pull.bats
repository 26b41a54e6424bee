#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0

# bats and support.bash set variables; what is quoted is for another shell or for sed.
# shellcheck disable=SC2154,SC2016
load support
load ../support/registry/registry

teardown() { stop_registries; }

# with_pushed: library:2026.11 in a quirk registry, and an empty store.
with_pushed() {
  with_store
  start_quirk_registry "$BATS_TEST_TMPDIR/r"
  cairn push library:2026.11 "$registry/library:2026.11" --tls-verify false --quiet
  rm -rf "$HOME/.local/share/cairn/store"
}

@test "pulls an image whole and names it" {
  with_pushed
  run --separate-stderr -0 cairn pull "docker://$registry/library:2026.11" --tag library:2026.11 --tls-verify false
  [[ $output == "$digest" ]]
  run --separate-stderr -0 cairn validate library:2026.11
  run --separate-stderr -0 cairn pull "$registry/library@$digest" --tls-verify false --json
  [[ $(json .destination) == "$registry/library:${digest:7:12}" && $(json .blobs) == 0 ]]
}

@test "keeps nothing that is wrong" {
  with_pushed
  layer=$(cairn inspect "docker://$registry/library:2026.11" --tls-verify false --json | jq -r '.layers[0] | .digest, .size_bytes' | paste -sd' ')
  quirks "{\"spoil\": {\"${layer% *}\": \"$(printf '00%.0s' $(seq "${layer#* }"))\"}}"
  run --separate-stderr -1 cairn pull "$registry/library:2026.11" --tls-verify false
  one_line_error "blob ${layer% *}: "
  one_line_error "digest"
  [[ ! -e $HOME/.local/share/cairn/store/blobs/sha256/${layer:7:64} ]]
  [[ -z $(ls "$HOME/.local/share/cairn/store/cairn/tmp") ]]
}

@test "goes on to the byte after it was killed" {
  mkdir big
  head -c 6000000 /dev/urandom >big/file
  umoci init --layout layout && umoci new --image layout:big && umoci insert --image layout:big big /big
  start_quirk_registry "$BATS_TEST_TMPDIR/r"
  cairn push oci:layout:big "$registry/big:1" --tls-verify false --quiet
  quirks '{"slow": [{"where": "GET /blobs/", "bytes": 1000000, "seconds": 0.4}]}'
  "$CAIRN" pull "$registry/big:1" --tls-verify false --quiet &
  pid=$!
  partial=$HOME/.local/share/cairn/store/cairn/cache/partial
  until [[ $(find "$partial" -size +1500k 2>/dev/null) ]]; do read -rt 0.05 <> <(:) || true; done
  kill -KILL "$pid"
  wait "$pid" || true
  have=$(find "$partial" -type f -size +1500k -printf '%s')
  quirks '{}'
  control DELETE /_requests
  run --separate-stderr -0 cairn pull "$registry/big:1" --tag big:1 --tls-verify false
  [[ $(control GET /_requests | jq -r '.[] | select(.range != "") | .range') == "bytes=$have-"* ]]
  [[ $output == $(umoci stat --image layout:big --json >/dev/null && jq -r '.manifests[0].digest' layout/index.json) ]]
  [[ -z $(ls "$partial") ]]
}

@test "says that a tag moved while it was pulled, and keeps to what it meant first" {
  with_pushed
  # The tag means another manifest after its first GET.
  other=sha256:$(printf 'a%.0s' {1..64})
  quirks "{\"flip\": {\"2026.11\": \"$other\"}}"
  run --separate-stderr -0 cairn pull "$registry/library:2026.11" --tls-verify false
  [[ $output == "$digest" ]]
}

@test "asks mirrors first, and the registry when they fail" {
  with_pushed
  mkdir -p "$HOME/.config/containers"
  printf '[[registry]]\nprefix = "registry.example.com"\nlocation = "%s"\ninsecure = true\n[[registry.mirror]]\nlocation = "127.0.0.1:1"\ninsecure = true\n' \
    "$registry" >"$HOME/.config/containers/registries.conf"
  run --separate-stderr -0 cairn pull registry.example.com/library:2026.11
  [[ $output == "$digest" && $stderr == *"mirror 127.0.0.1:1 passed over"* ]]
  printf '[[registry]]\nprefix = "registry.example.com"\nblocked = true\n' >"$HOME/.config/containers/registries.conf"
  run --separate-stderr -1 cairn pull registry.example.com/library:2026.11
  one_line_error "registries.conf blocks 'registry.example.com'"
}

@test "one platform of an index, or all" {
  with_store
  start_quirk_registry "$BATS_TEST_TMPDIR/r"
  cairn push library:2026.11 "$registry/library:1" --tls-verify false --quiet
  size=$(stat -c %s "$HOME/.local/share/cairn/store/blobs/sha256/${digest#sha256:}")
  printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"%s","size":%s,"platform":{"os":"linux","architecture":"amd64"}}]}' \
    "$digest" "$size" >index
  python3 -c 'import sys, urllib.request as u
u.urlopen(u.Request(sys.argv[1], open("index", "rb").read(), {"Content-Type": "application/vnd.oci.image.index.v1+json"}, method="PUT"))' \
    "http://$registry/v2/library/manifests/all"
  run --separate-stderr -0 cairn pull "$registry/library:all" --tls-verify false --platform linux/amd64
  [[ $output == "$digest" ]]
  run --separate-stderr -0 cairn pull "$registry/library:all" --tls-verify false
  [[ $output == "sha256:$(sha256sum index | cut -d' ' -f1)" ]]
  run --separate-stderr -1 cairn pull "$registry/library:all" --tls-verify false --platform linux/s390x
  one_line_error "no image for 'linux/s390x' (it has: 'linux/amd64')"
  run --separate-stderr -1 cairn pull "$registry/library:all" --tls-verify false --platform linux
  one_line_error "'linux': no platform; give os/architecture[/variant], as linux/arm64"
}
