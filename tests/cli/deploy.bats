#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0

# bats and support.bash set variables.
# shellcheck disable=SC2154
load support

# with_images: library:2026.11 and notebook:1 in the store.
with_images() {
  with_store
  base_image debian:1 1
  cairn mutate oci:bases:debian:1 --env LMOD_VERSION=8.7.1 --tag notebook:1 --quiet >/dev/null
  printf '%s' "$settings" >deploy.yaml
  echo geheim >key
}

settings='namespace: science
argocd-waves: true
jupyterhub-profiles: true
image: {reference: "registry.example.com/ds/notebook:1.4", display-name: Modular notebook, recommended: true, tag-object: true, accelerators: [nvidia.com/gpu]}
library: {reference: "registry.example.com/ds/library:2026.11", cairn-image: "registry.example.com/cairn:1"}
notebook: {name: mine, user: alice}
shares: [{claim: climate, users: [alice], read-only: true}, {claim: public}]
data-connection: {name: s3, endpoint: "https://s3.example.com", bucket: b, access-key-id: {env: KEY_ID}, secret-access-key: {file: key}}
build: {git: "https://git.example.com/a.git", from: "base:1", output: "notebook:1.4"}
builder: {image: "registry.example.com/easybuild:1"}
environments: {test: {namespace: test, storage-class: fast, library-size: 10Gi}, prod: {}}
'

deploy() { KEY_ID=AKIA cairn deploy --image notebook:1 --library library:2026.11 "$@"; }

validate() {
  local venv
  venv=$(HOME=$(getent passwd "$(id -u)" | cut -d: -f6) "$checkout/tests/support/manifest/environment")
  "$venv/bin/python" "$checkout/tests/support/manifest/validate.py" "$@"
}

@test "what is written has the shape that clusters want, plain and for kustomize" {
  with_images
  deploy --output plain --quiet
  mapfile -t files < <(find plain -name '*.yaml')
  run -0 validate "${files[@]}"
  [[ $output == "BuildConfig=1 ConfigMap=3 Deployment=1 ImageStream=1 ImageStreamTag=1 Job=1 Notebook=1 PersistentVolumeClaim=5 Pod=1 Secret=1" ]]
  deploy --kustomize --output gitops --quiet
  mapfile -t files < <(find gitops -name '*.yaml')
  run -0 validate "${files[@]}"
  [[ $output == *Kustomization=3* ]]
  run -0 cairn deploy --check plain gitops
  [[ -z $output ]]
}

@test "kustomize makes the overlays of it" {
  command -v kubectl >/dev/null || skip "kubectl is not installed"
  with_images
  deploy --kustomize --output gitops --quiet
  kubectl kustomize gitops/overlays/test >test.yaml
  run -0 validate test.yaml
  [[ $output == *Job=1* && $output != *Secret* ]]
  [[ $(<test.yaml) == *"storage: 10Gi"* && $(<test.yaml) == *"base_url=/notebook/test/mine"* && $(<test.yaml) != *"namespace: science"* ]]
  kubectl kustomize gitops/overlays/prod >prod.yaml
  [[ $(<prod.yaml) == *"namespace: science"* && $(<prod.yaml) == *"storage: 100Gi"* ]]
}

@test "a library can be an image volume, or come from a volume populator" {
  with_images
  sed -i 's/cairn-image: .*/mount: image}/; /^builder/d' deploy.yaml
  deploy --output image --quiet
  run -0 validate image/*.yaml
  [[ $output != *Job* && $(<image/notebook.yaml) == *"reference: registry.example.com/ds/library@sha256:"* ]]
  sed -i 's/mount: image}/populator: {api-group: example.com, kind: Library, name: it}}/' deploy.yaml
  deploy --output populated --quiet
  run -0 validate populated/*.yaml
  [[ $output == *VolumePopulator=1* && $output != *Job* ]]
}

@test "manifests are the same each time, name digests, and say what the image holds" {
  with_images
  run -0 --separate-stderr deploy
  [[ $output == *"docker://registry.example.com/ds/library@$digest"* ]]
  [[ $output == *'{"name":"Lmod","version":"8.7"}'* ]]
  [[ $output != *geheim* && $output != *AKIA* && $stderr == *"not shown"* ]]
  first=$output
  run -0 --separate-stderr deploy .
  [[ $output == "$first" ]]
}

@test "secrets are in a file of their own, for nobody else, and git ignores it" {
  with_images
  run -0 deploy --output out
  [[ $output != *geheim* ]]
  [[ $(stat -c %a out/secrets/data-connection-s3.yaml) == 600 && $(<out/.gitignore) == /secrets/data-connection-s3.yaml ]]
  [[ $(grep -rl geheim out) == out/secrets/data-connection-s3.yaml ]]
  run -1 --separate-stderr cairn deploy --image notebook:1 --library library:2026.11 --output out
  one_line_error 'variable KEY_ID is not set'
  rm key
  run -1 --separate-stderr deploy --output out
  one_line_error 'key'
}

@test "--check says what dashboards misread, with file, line and column" {
  cat >stream.yaml <<'END'
apiVersion: image.openshift.io/v1
kind: ImageStream
metadata: {name: a, labels: {opendatahub.io/notebook-image: "true"}}
spec:
  lookupPolicy: {local: true}
  tags:
  - name: "1"
    annotations:
      opendatahub.io/image-tag-outdated: "false"
      opendatahub.io/notebook-software: "[{"
    from: {kind: DockerImage, name: "registry.example.com/a:1"}
END
  run -3 cairn deploy --check stream.yaml
  [[ $output == *"stream.yaml:9:"*"hides the tag"* && $output == *"stream.yaml:10:"*"no JSON"* && $output == *"warning:"*digest* ]]
  run -3 cairn deploy --check --json .
  [[ $(json '.findings | length') == 3 ]]
  sed -i '/outdated/d; /software/d; /annotations/d' stream.yaml
  run -0 cairn deploy --check stream.yaml
}

@test "what is wrong in deploy.yaml is said with its place" {
  run -1 --separate-stderr cairn deploy
  one_line_error deploy.yaml
  echo 'libary: {}' >deploy.yaml
  run -1 --separate-stderr cairn deploy
  one_line_error "deploy.yaml:1:1: unknown key 'libary'"
  printf 'image: {reference: "registry.example.com/a:1"}\n' >deploy.yaml
  run -1 --separate-stderr cairn deploy --image nothing:1
  one_line_error deploy.yaml:1:20
  run -2 --separate-stderr cairn deploy --kustomize
  one_line_error '--output'
  run -2 --separate-stderr cairn deploy --check
  one_line_error '--check'
}
