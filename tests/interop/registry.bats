#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0

# bats sets variables.
# shellcheck disable=SC2154
# What cairn pushes, read by skopeo, buildah, umoci and crane, and what they push, read by cairn; digests survive.

bats_require_minimum_version 1.5.0
load ../support/registry/registry
load ../support/base_image

cairn() { "${CAIRN:?set CAIRN to the path of the program}" "$@"; }

setup_file() {
  export CAIRN_CACHE=${CAIRN_CACHE:-$HOME/.cache/cairn}
  export HOME=$BATS_FILE_TMPDIR/home
  mkdir -p "$HOME"
  "$BATS_TEST_DIRNAME/../support/trees/small-tree" "$BATS_FILE_TMPDIR/easybuild" /opt/easybuild
}

setup() {
  cd "$BATS_TEST_TMPDIR" || return
  export CAIRN_STORE=$BATS_TEST_TMPDIR/store
  digest=$(cairn split "$BATS_FILE_TMPDIR/easybuild" --target /opt/easybuild --tag library:1 --compression gzip --quiet)
  start_registry "$BATS_TEST_TMPDIR/registry"
  image=$registry/team/library:1
}

teardown() { stop_registries; }

@test "skopeo reads what cairn pushed, and cairn what skopeo pushed" {
  cairn push library:1 "$image" --tls-verify false --quiet
  [[ $(skopeo inspect --tls-verify=false --format '{{.Digest}}' "docker://$image") == "$digest" ]]
  skopeo copy -q --src-tls-verify=false "docker://$image" oci:copied:x
  cairn validate oci:copied:x
  skopeo copy -q --dest-tls-verify=false oci:copied:x "docker://$registry/from/skopeo:1"
  run -0 cairn pull "$registry/from/skopeo:1" --tag back:1 --tls-verify false --quiet
  [[ $output == "$digest" ]]
  cairn validate back:1
}

@test "umoci unpacks what came through the registry" {
  cairn push library:1 "$image" --tls-verify false --quiet
  cairn copy "docker://$image" oci:pulled:x --tls-verify false --quiet
  umoci unpack --rootless --image pulled:x bundle
  cairn unpack library:1 unpacked --quiet
  diff -r bundle/rootfs unpacked
}

@test "buildah pulls it, and cairn pulls what buildah pushed" {
  export STORAGE_DRIVER=vfs CONTAINERS_STORAGE_CONF=$BATS_TEST_TMPDIR/storage.conf
  printf '[storage]\ndriver = "vfs"\nrunroot = "%s/run"\ngraphroot = "%s/graph"\n' "$PWD" "$PWD" >"$CONTAINERS_STORAGE_CONF"
  cairn push library:1 "$image" --tls-verify false --quiet
  buildah pull -q --tls-verify=false "docker://$image"
  buildah push -q --tls-verify=false "$image" "docker://$registry/from/buildah:1"
  run -0 cairn pull "$registry/from/buildah:1" --tag back:1 --tls-verify false --quiet
  [[ $output == "$(skopeo inspect --tls-verify=false --format '{{.Digest}}' "docker://$registry/from/buildah:1")" ]]
}

@test "containerd pulls what cairn pushed, and shows the tree" {
  ((EUID == 0)) || skip "needs root, for mounts"
  cairn push library:1 "$image" --tls-verify false --quiet
  list() { "$BATS_TEST_DIRNAME/../support/list_as" "$@" /opt/easybuild 2>log || { tail -n 5 log; return 1; }; }
  list containerd "docker://$image" - >found
  list cairn store library:1 >wanted
  diff wanted found
  [[ -s wanted ]]
}

@test "crane reads what cairn pushed, and cairn what crane pushed" {
  crane=$("$BATS_TEST_DIRNAME/../support/registry/crane") || skip "crane cannot be built here"
  cairn push library:1 "$image" --tls-verify false --quiet
  [[ $("$crane" digest --insecure "$image") == "$digest" ]]
  "$crane" validate --insecure --remote "$image"
  "$crane" pull --insecure --format=oci "$image" layout
  "$crane" push --insecure layout "$registry/from/crane:1"
  [[ $("$crane" digest --insecure "$registry/from/crane:1") == sha256:* ]]
  "$crane" copy --insecure "$image" "$registry/from/crane:2"
  run -0 cairn pull "$registry/from/crane:2" --tag back:1 --tls-verify false --quiet
  [[ $output == "$digest" ]]
  cairn validate back:1
}

@test "an index of two platforms goes round whole" {
  cairn push library:1 "$image" --tls-verify false --quiet
  size=$(stat -c %s "$CAIRN_STORE/blobs/sha256/${digest#sha256:}")
  cairn copy library:1 oci:index:a --quiet
  entry='{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"%s","size":%s,"platform":{"os":"linux","architecture":"%s"}}'
  # shellcheck disable=SC2059
  printf "{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.index.v1+json\",\"manifests\":[$entry]}" "$digest" "$size" amd64 >list
  list=$(sha256sum list | cut -d' ' -f1)
  cp list "index/blobs/sha256/$list"
  jq --arg digest "sha256:$list" --argjson size "$(stat -c %s list)" '.manifests = [{mediaType: "application/vnd.oci.image.index.v1+json",
    digest: $digest, size: $size, annotations: {"org.opencontainers.image.ref.name": "all"}}]' index/index.json >new
  mv new index/index.json
  run -0 cairn copy oci:index:all "docker://$registry/team/all:1" --tls-verify false --quiet
  [[ $output == "sha256:$list" ]]
  skopeo copy -q --all --src-tls-verify=false --dest-tls-verify=false "docker://$registry/team/all:1" "docker://$registry/team/all:2"
  run -0 cairn pull "$registry/team/all:2" --tag all:2 --tls-verify false --quiet
  [[ $output == "sha256:$list" ]]
}

@test "the next release is made from the last one in a registry, of which no layer but the index is fetched" {
  cairn push library:1 "$image" --tls-verify false --quiet
  cp -a "$BATS_FILE_TMPDIR/easybuild" changed
  echo more >>changed/software/Hello/1.0/share/data
  wanted=$(cairn split changed --target /opt/easybuild --since library:1 --tag library:2 --compression gzip --quiet)
  run --separate-stderr -0 cairn split changed --target /opt/easybuild --store other --since "docker://$image" --tag library:2 \
    --compression gzip --tls-verify false --json
  [[ $(jq -r .manifest <<<"$output") == "$wanted" ]]
  [[ $(jq .layers.absent <<<"$output") == $(jq .layers.kept <<<"$output") ]]
  # What the registry answered: the index layer, and of the others nothing.
  index=$(cairn inspect library:1 --json | jq -r '.layers[] | select(.kind == "index").digest')
  fetched=$(grep -oE '"GET /v2/team/library/blobs/sha256:[0-9a-f]+' "$BATS_TEST_TMPDIR/registry/log" | grep -oE 'sha256:.*' | sort -u)
  grep -q "$index" <<<"$fetched"
  for layer in $(cairn inspect library:1 --json | jq -r '.layers[] | select(.kind != "index").digest'); do
    run -1 grep -q "$layer" <<<"$fetched"
  done
  # It goes up from there: the registry has the layers that the other store has not.
  cairn push library:2 --store other "docker://$registry/team/library:2" --tls-verify false --quiet
  cairn pull "$registry/team/library:2" --store third --tag library:2 --tls-verify false --quiet
  cairn validate library:2 --store third --quiet
}

# fetched REPOSITORY: what was asked of its blobs.
fetched() { grep -oE "\"GET /v2/$1/blobs/sha256:[0-9a-f]+" "$BATS_TEST_TMPDIR/registry/log" | grep -oE 'sha256:.*' | sort -u; }

@test "an image is baked, changed and rebased inside one registry: layers are mounted, none is fetched" {
  base_image base:1 'the old base' --env PATH=/usr/bin
  base_image base:2 'the new base' --env PATH=/usr/bin
  for release in 1 2; do cairn copy "oci:bases:base:$release" "docker://$registry/team/base:$release" --tls-verify false --quiet >/dev/null; done
  cairn push library:1 "$image" --tls-verify false --quiet >/dev/null
  at=docker://$registry/team
  baked=$(cairn bake "$at/base:1" --library "$at/library:1" --store other --tag "$at/notebook:1" --tls-verify false --quiet)
  [[ $(skopeo inspect --tls-verify=false --format '{{.Digest}}' "$at/notebook:1") == "$baked" ]]
  cairn mutate "$at/notebook:1" --env A=b --store other --tag "$at/changed:1" --tls-verify false --quiet >/dev/null
  cairn rebase "$at/changed:1" --old-base "$at/base:1" --new-base "$at/base:2" --store other --tag "$at/rebased:1" --tls-verify false --quiet >/dev/null
  # Of the library its index was read, of the others no layer.
  [[ -z $(comm -12 <(fetched '[a-z/]+') <(cairn inspect oci:bases:base:1 --json | jq -r '.layers[].digest' | sort)) ]]
  for layer in $(cairn inspect library:1 --json | jq -r '.layers[] | select(.kind != "index").digest'); do
    run -1 grep -q "$layer" <<<"$(fetched '[a-z/]+')"
  done
  grep -q '"POST /v2/team/notebook/blobs/uploads/?.*mount=' "$BATS_TEST_TMPDIR/registry/log"
  cairn pull "$registry/team/rebased:1" --tag rebased:1 --tls-verify false --quiet >/dev/null
  cairn validate rebased:1 --quiet
  cairn unpack rebased:1 root --quiet
  [[ $(<root/etc/release) == 'the new base' && -f root/opt/easybuild/software/Hello/1.0/share/data ]]
  run --separate-stderr -1 cairn bake "$at/base:1" --library "$at/library:1" --tag "$at/x@$baked" --tls-verify false
  [[ $stderr == *"give a tag"* ]]
}
