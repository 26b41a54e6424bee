#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0

# bats and support.bash set variables; what is quoted is for another shell or for sed.
# shellcheck disable=SC2154,SC2016
load support

@test "shows layers and units of a library" {
  with_store
  run -0 cairn inspect library:2026.11
  [[ $output == *"$digest"* ]]
  [[ $output =~ kind\ +library ]]
  [[ $output =~ rest\ +README ]]
  [[ $output =~ LAYER\ +DIGEST\ +TYPE\ +KIND\ +SIZE\ +UNITS\ +LIVE\ +DEAD\ +MADE\ FOR ]]
  [[ $output =~ UNIT\ +KIND\ +MODULES\ +FILES\ +SIZE\ +PACKED\ +LAYER ]]
  run -0 cairn inspect "$digest" --json
  [[ $(json .library) == true && $(json '.units | length') == 5 && $(json '.layers[-1].kind') == index ]]
  [[ $(json '.layers[0].reason') == first && $(json '.layers[-1] | has("reason")') == false ]]
}

@test "shows an image that is no library, in a layout of another tool" {
  mkdir root && echo hello >root/file
  tar -cf layer.tar -C root file
  layer=$(sha256sum layer.tar | cut -d' ' -f1)
  mkdir -p layout/blobs/sha256
  cp layer.tar "layout/blobs/sha256/$layer"
  blob() { local sum; sum=$(sha256sum | cut -d' ' -f1) && printf '%s' "$sum"; }
  config='{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":["sha256:'$layer'"]},"history":[{"created_by":"by hand"}]}'
  config_digest=$(printf '%s' "$config" | blob)
  printf '%s' "$config" >"layout/blobs/sha256/$config_digest"
  manifest='{"schemaVersion":2,"config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"sha256:'$config_digest'","size":'${#config}'},"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":"sha256:'$layer'","size":'$(stat -c %s layer.tar)'}]}'
  manifest_digest=$(printf '%s' "$manifest" | blob)
  printf '%s' "$manifest" >"layout/blobs/sha256/$manifest_digest"
  printf '{"imageLayoutVersion":"1.0.0"}' >layout/oci-layout
  printf '{"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:%s","size":%d}]}' \
    "$manifest_digest" "${#manifest}" >layout/index.json
  run -0 cairn inspect oci:layout
  [[ $output =~ kind\ +image && $output == *"by hand"* ]]
  run -0 cairn inspect oci:layout --json
  [[ $(json .library) == false && $(json '.layers | length') == 1 ]]
}

@test "finds the image elsewhere" {
  with_tree
  cairn split easybuild --tag library:1 --output oci:layout --quiet >digest
  cairn split easybuild --tag library:1 --output oci-archive:image.tar --quiet
  for place in oci:layout oci:layout:library:1 oci-archive:image.tar; do
    run -0 cairn inspect "$place" --json
    [[ $(json .manifest) == "$(<digest)" ]]
  done
}

@test "names what is not there, and what is near" {
  with_store
  run --separate-stderr -1 cairn inspect library:2026.12
  one_line_error "'library:2026.12': no such tag in the store"
  [[ $stderr == *"'library:2026.11'"* ]]
  run --separate-stderr -1 cairn inspect docker://127.0.0.1:1/image:1 --progress none
  one_line_error "GET https://127.0.0.1:1/v2/: Failed to connect to 127.0.0.1 port 1"
  run --separate-stderr -2 cairn inspect
  one_line_error "'inspect' needs IMAGE"
}
