#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0

# bats and support.bash set variables; what is quoted is for another shell or for sed.
# shellcheck disable=SC2154,SC2016
load support
load ../support/registry/registry

teardown() { stop_registries; }

# Every example of every page in docs/commands runs as it stands: in a directory with the module tree `easybuild`, with
# library:2026.11 made from it in the store and poured into `volume`; registry.example.com, a registry on this machine that has it too; stand-ins for the base images, collection, archive and cluster that pages speak of.

with_bases() {
  base_image debian:1 1
  cairn mutate oci:bases:debian:1 --env LANG=C --tag debian:lmod --quiet
  cairn mutate oci:bases:debian:1 --env LANG=C --tag debian:12.1 --quiet
  cairn mutate oci:bases:debian:1 --env LANG=C.UTF-8 --tag debian:12.2 --quiet
  cairn bake debian:12.1 --library library:2026.11 --tag notebook:1 --quiet
  mkdir -p ~/.lmod.d
  printf '_ModuleTable_ = { mT = { Greeting = { fullName = "Greeting/2.0", loadOrder = 1 } } }' >~/.lmod.d/mine
  tar -czf site.tar.gz easybuild/README
}

# A wheel in ./wheelhouse, and a Pipfile.lock that pins it.
with_stack() {
  local line
  mkdir -p wheelhouse
  line=$("$checkout/tests/support/python/make_wheel.py" wheelhouse demo 1.0)
  printf '{"_meta": {"pipfile-spec": 6, "requires": {"python_version": "3.11"}, "sources": []}, "default": {"demo": {"version": "==1.0", "hashes": ["%s"]}}}' \
    "${line#*--hash=}" >Pipfile.lock
}

# A recipe in ./project.
with_project() {
  mkdir -p project/files
  echo x >project/files/x
  printf 'base: {image: "debian:12.1"}\nlayers:\n- files: files\n  to: /opt/app\n' >project/cairn.yaml
}

# A base of nothing but what every Debian has. Its packages outlive the test.
with_base_directory() {
  export CAIRN_CACHE=$lasting_cache
  mkdir -p base-images/debian12
  printf 'debian: {suite: bookworm}\n' >base-images/debian12/base.yaml
}

# run_examples PAGE…: each of them, with $registry as registry.example.com; $count of them ran.
run_examples() {
  local page example
  mkdir -p "$BATS_TEST_TMPDIR/bin"
  ln -s "$CAIRN" "$BATS_TEST_TMPDIR/bin/cairn"
  printf '#!/bin/sh\necho "{\\"items\\": []}"\n' >"$BATS_TEST_TMPDIR/bin/kubectl"
  chmod +x "$BATS_TEST_TMPDIR/bin/kubectl"
  export PATH=$BATS_TEST_TMPDIR/bin:$PATH
  mkdir -p "$HOME/.config/containers"
  printf '[[registry]]\nprefix = "registry.example.com"\nlocation = "%s"\ninsecure = true\n' "$registry" >"$HOME/.config/containers/registries.conf"
  count=0
  for page; do
    rm -rf ./* "$HOME/.local/share/cairn/store"
    with_tree
    cairn split easybuild --tag library:2026.11 --quiet >/dev/null
    with_bases >/dev/null
    cairn push library:2026.11 registry.example.com/modules/library:2026.11 --quiet >/dev/null
    cairn push library:2026.11 registry.example.com/modules/library:2026.10 --quiet >/dev/null
    echo geheim >token
    cairn login registry.example.com --username robot --password-stdin --quiet <token
    [[ ${page##*/} == populate.md ]] || cairn populate library:2026.11 volume --quiet >/dev/null
    with_stack
    with_project
    mkdir -p app
    cp Pipfile.lock app/
    if [[ ${page##*/} == check.md ]]; then cairn build project --tag project:1 --quiet >/dev/null; fi
    [[ ${page##*/} != base.md ]] || with_base_directory
    while IFS= read -r example; do
      printf '%s: %s\n' "${page##*/}" "$example"
      bash -euo pipefail -c "$example"
      count=$((count + 1))
    done < <(sed -n '/^```sh$/,/^```$/{/^```/!p}' "$page")
  done
}

@test "every example in docs/commands runs" {
  start_registry "$BATS_TEST_TMPDIR/registry"
  run_examples "$checkout"/docs/commands/*.md
  [[ $count -gt 20 ]]
}

@test "those that speak of a registry run with another kind of registry too" {
  start_quirk_registry "$BATS_TEST_TMPDIR/registry"
  mapfile -t pages < <(grep -l 'registry\.example\.com' "$checkout"/docs/commands/*.md)
  run_examples "${pages[@]}"
  [[ $count -gt 10 ]]
}
