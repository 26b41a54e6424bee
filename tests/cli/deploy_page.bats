#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0

# bats and support.bash set variables; what is quoted is for another shell or for sed.
# shellcheck disable=SC2154,SC2016
load support
load ../support/registry/registry

teardown() { stop_registries; }

@test "docs/deploy.md does what it says" {
  with_store
  start_registry "$BATS_TEST_TMPDIR/registry"
  mkdir -p "$HOME/.config/containers"
  printf '[[registry]]\nprefix = "registry.example.com"\nlocation = "%s"\ninsecure = true\n' "$registry" >"$HOME/.config/containers/registries.conf"
  base_image debian:1 1
  cairn mutate oci:bases:debian:1 --env LMOD_VERSION=8.7.1 --tag notebook:1 --quiet >/dev/null
  cairn push library:2026.11 registry.example.com/modules/library:2026.11 --quiet >/dev/null
  cairn push notebook:1 registry.example.com/ds/notebook:1.4 --quiet >/dev/null
  {
    echo 'set -eu'
    echo 'cairn() { "$CAIRN" "$@"; }'
    sed -n '/^```sh$/,/^```$/p' "$checkout/docs/deploy.md" | grep -v '^```'
  } >page.sh
  [[ $(grep -c 'cairn deploy' page.sh) == 3 ]]
  run -0 bash page.sh
  [[ $(<all.yaml) == *"library@$digest"* && $(<gitops/overlays/test/kustomization.yaml) == *20Gi* ]]
  [[ $(<gitops/.gitignore) == /secrets/* ]]
  sed -n '/^```yaml$/,/^```$/{/^```/!p}' "$checkout/docs/formats/deploy.md" >deploy.yaml
  echo secret >secret-key
  AWS_ACCESS_KEY_ID=key run -1 --separate-stderr cairn deploy
  one_line_error "numpy"
  sed -i '/dependencies:/d' deploy.yaml
  AWS_ACCESS_KEY_ID=key cairn deploy --kustomize --output all --quiet
  cairn deploy --check all
}
