#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# What the Containerfile ships does the work it is for, as a random user of group 0: the pipelines that `cairn ci` writes release a tag, and
# the Job that `cairn deploy` writes fills a volume. The root is the one that tools/runtime-root lays out there; the program is this build's
# (tests/interop/containerfile.bats compiles it in the image, by ctest -L slow). Needs root, for mounts and chroot.
#
# CAIRN: the program; RELEASE_CAIRN, if it is set, instead: the image ships that.

# bats and support.bash set variables; what is quoted is for another shell.
# shellcheck disable=SC2154,SC2016
load ../cli/support
load ../support/registry/registry

setup_file() {
  ((EUID == 0)) || return 0
  clean_environment
  # shellcheck disable=SC2046  # words
  "$checkout/tools/runtime-root" "${RELEASE_CAIRN:-$CAIRN}" "$BATS_FILE_TMPDIR/root" $(sed -n 's|.*/runtime ||p' "$checkout/Containerfile" | head -n 1)
}

setup() {
  ((EUID == 0)) || skip "needs root, for mounts and chroot"
  in_empty_place
  export GIT_AUTHOR_NAME=Tests GIT_AUTHOR_EMAIL=tests@example.com GIT_COMMITTER_NAME=Tests GIT_COMMITTER_EMAIL=tests@example.com
  start_registry "$BATS_TEST_TMPDIR/registry"
  mkdir settings
  printf '[[registry]]\nlocation = "%s"\ninsecure = true\n' "$registry" >settings/registries.conf
  echo "{\"auths\": {\"$registry\": {\"auth\": \"$(printf robot:geheim | base64)\"}}}" >settings/auth.json
  chmod -R a+rX settings
}

teardown() { stop_registries; }

# in_image [OPTION…] COMMAND…: options of tests/notebook/container.
in_image() {
  "$checkout/tests/notebook/container" "$BATS_FILE_TMPDIR/root" --user 1000680000 --env PATH=/usr/bin --env LANG=C.UTF-8 --env HOME=/home/cairn \
    --mount "$PWD/settings:/run/settings:ro" --env CONTAINERS_REGISTRIES_CONF=/run/settings/registries.conf "$@"
}

# with_project: ./project at tag v1.0, whose base is in the registry and whose recipe only copies; `run SCRIPT`, as a CI service does, there.
with_project() {
  base_image base:1 1
  cairn push oci:bases:base:1 "$registry/team/base:1" --tls-verify false --quiet >/dev/null
  mkdir -p project/files
  echo greeting >project/files/greeting
  printf 'base: {image: "docker://%s/team/base:1"}\nlayers:\n- {files: files, to: /srv}\n' "$registry" >project/cairn.yaml
  printf 'build:\n  registry: %s\n  registry-org: team\n  registry-project: project\n  build-strategy: ""\n' "$registry" >project/.aicoe-ci.yaml
  git -C project init -q
  git -C project add -A
  git -C project commit -qm one
  git -C project tag v1.0
  mkdir -p home
  chmod 0777 home
  chmod -R a+rX project
}

pipeline() {
  in_image --mount "$PWD/project:/work:ro" --mount "$PWD/home:/home/cairn" "$@"
}

released() { [[ $(skopeo inspect --tls-verify=false --format '{{.Digest}}' "docker://$registry/team/project:v1.0") == sha256:* ]]; }

@test "it is small, has an sh, and tells its version to a random user" {
  [[ $(tar -C "$BATS_FILE_TMPDIR/root" -c . | zstd -3 -T0 | wc -c) -le 60000000 ]]
  [[ $(in_image cairn --version) == cairn* && $(in_image sh -c 'git --version; id -u') == git*1000680000 ]]
}

@test "github's job releases the tag" {
  with_project
  cairn ci github --image registry.example.com/cairn:1 >ci.yaml
  yaml 'd["jobs"]["release"]["steps"][1]["run"]' ci.yaml >home/script
  made=$(cairn build project --tag project:1 --tls-verify false --quiet)
  pipeline --env TAG=v1.0 --env "REGISTRY_AUTH=$(<settings/auth.json)" sh -ec 'cd /work && . "$HOME/script"'
  released
  # Another user, another path, another system: the same image.
  [[ $(skopeo inspect --tls-verify=false --format '{{.Digest}}' "docker://$registry/team/project:v1.0") == "$made" ]]
}

@test "gitlab's job releases the tag" {
  with_project
  cairn ci gitlab --image registry.example.com/cairn:1 >ci.yaml
  yaml 'd["release"]["script"]' ci.yaml >home/script
  pipeline --env CI_COMMIT_TAG=v1.0 --env REGISTRY_AUTH=/run/settings/auth.json sh -ec 'cd /work && . "$HOME/script"'
  released
}

@test "tekton's step releases the tag and writes its results" {
  with_project
  cairn ci tekton --image registry.example.com/cairn:1 >ci.yaml
  yaml 'd["spec"]["steps"][0]["script"]' ci.yaml >home/script
  mkdir results
  chmod 0777 results
  pipeline --mount "$PWD/results:/tekton/results" --env TAG=v1.0 --env REGISTRY_AUTH_FILE=/run/settings/auth.json --env RESULTS=/tekton/results/IMAGE_URL \
    sh -ec 'cd /work && . "$HOME/script"'
  released
  [[ $(<results/IMAGE_URL) == "$registry/team/project:v1.0" && $(<results/IMAGE_DIGEST) == sha256:* ]]
}

@test "jenkins's step releases the tag" {
  with_project
  cairn ci jenkins --image registry.example.com/cairn:1 >Jenkinsfile
  sed -n "/sh '''/,/'''\$/{//!p}" Jenkinsfile >home/script
  pipeline --env TAG_NAME=v1.0 --env REGISTRY_AUTH_FILE=/run/settings/auth.json --env WORKSPACE_TMP=/home/cairn sh -ec 'cd /work && . /home/cairn/script'
  released
}

@test "the Job fills a volume, and another random user's runs again" {
  with_tree
  cairn split easybuild --tag library:1 --quiet >/dev/null
  cairn push library:1 "$registry/modules/library:1" --tls-verify false --quiet >/dev/null
  printf 'namespace: science\nlibrary: {reference: "%s/modules/library:1", cairn-image: "registry.example.com/cairn:1"}\n' "$registry" >deploy.yaml
  cairn deploy --output manifests --tls-verify false --quiet
  container='d["spec"]["template"]["spec"]["containers"][0]'
  mapfile -t words < <(yaml "${container}[\"command\"] + ${container}[\"args\"]" manifests/populate-job.yaml)
  [[ ${words[*]} == "cairn populate docker://$registry/modules/library@sha256:"* ]]
  target=$(yaml "[one[\"mountPath\"] for one in ${container}[\"volumeMounts\"] if one[\"name\"] == \"library\"]" manifests/populate-job.yaml)
  mkdir -m 2770 volume
  chgrp 0 volume
  for user in 1000680000 1000690000; do
    in_image --user "$user" --mount "$PWD/volume:$target" --env HOME=/tmp "${words[@]}"
  done
  [[ $(cairn volume status volume --json | jq .units) != 0 && -e volume/modules ]]
}
