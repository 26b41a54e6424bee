#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0

# bats and support.bash set variables.
# shellcheck disable=SC2154
load support
load ../support/registry/registry

teardown() { stop_registries; }

git() { command git -c user.name=Tests -c user.email=tests@example.com -c init.defaultBranch=main -c protocol.file.allow=always "$@"; }

# with_repository: examples/aicoe-ci at tag v1 in ./app, examples/gitops in ./gitops (pushed from), a registry.
with_repository() {
  ((EUID == 0)) || skip "needs root, for buildah"
  export GIT_AUTHOR_NAME=Tests GIT_AUTHOR_EMAIL=tests@example.com GIT_COMMITTER_NAME=Tests GIT_COMMITTER_EMAIL=tests@example.com
  start_registry "$BATS_TEST_TMPDIR/registry"
  cp -r "$checkout/examples/aicoe-ci" app
  sed -i "s/registry.example.com/$registry/" app/.aicoe-ci.yaml
  (cd app && git init -q && git add -A && git commit -qm one && git tag v1 && git remote add origin https://user:token@git.example.com/team/greeting.git)
  git init -q --bare origin.git
  git clone -q origin.git gitops 2>/dev/null
  cp -r "$checkout/examples/gitops/." gitops
  (cd gitops && git add -A && git commit -qm one && git push -q origin HEAD)
}

release() { run --separate-stderr "$@" cairn release app --gitops gitops --results results --tls-verify false --quiet; }

@test "a tag becomes pushed images, an updated ImageStream and results, in one command; twice is once" {
  with_repository
  run --separate-stderr -0 cairn release app --gitops gitops --gitops-push --results results --tls-verify false --json
  [[ $(json .tag) == v1 && $(json '.images | length') == 2 && $(json '.images[0].was_there') == false ]]
  digest=$(json '.images[0].digest')
  for tag in v1 latest; do
    [[ $(skopeo inspect --tls-verify=false --format '{{.Digest}}' "docker://$registry/team/greeting:$tag") == "$digest" ]]
  done
  skopeo inspect --tls-verify=false "docker://$registry/team/greeting-formal:v1" >/dev/null
  [[ $(<results/IMAGE_DIGEST) == "$digest" && $(<results/IMAGE_URL) == "$registry/team/greeting:v1" ]]
  [[ $(jq -r '.subject[0].digest.sha256' results/greeting.provenance.json) == "${digest#sha256:}" ]]
  [[ $(<results/comment.md) == *"Release \`v1\`"*"ImageStream updated and pushed"* ]]
  run -1 grep -r token results
  # Only the lines of the new tag.
  git -C gitops show --stat --format=%s | grep -F 'Deploy greeting v1'
  [[ $(git -C gitops diff HEAD~1 --numstat | cut -f 2) == 0 ]]
  grep -F "$registry/team/greeting@$digest" gitops/notebooks/imagestream.yaml
  grep -F '# The first one, made by hand.' gitops/notebooks/imagestream.yaml
  [[ $(git -C origin.git rev-parse HEAD) == "$(git -C gitops rev-parse HEAD)" ]]
  before=$(git -C gitops rev-parse HEAD)
  run --separate-stderr -0 cairn release app --gitops gitops --gitops-push --tls-verify false --json
  [[ $(json '.images[0].was_there') == true && $(git -C gitops rev-parse HEAD) == "$before" ]]
}

@test "a second tag: its own image, and the custom tag moves" {
  with_repository
  release -0
  echo 'Hello again.' >app/greeting
  git -C app commit -qam two
  git -C app tag v2
  run --separate-stderr -0 cairn release app --tag v2 --gitops gitops --branch release-v2 --tls-verify false --json
  digest=$(json '.images[0].digest')
  [[ $(skopeo inspect --tls-verify=false --format '{{.Digest}}' "docker://$registry/team/greeting:latest") == "$digest" ]]
  [[ $(skopeo inspect --tls-verify=false --format '{{.Digest}}' "docker://$registry/team/greeting:v1") != "$digest" ]]
  [[ $(git -C gitops rev-parse --abbrev-ref HEAD) == release-v2 ]]
}

@test "a stale lock: nothing is built or pushed, and the comment says why" {
  with_repository
  cp "$checkout"/examples/python-stack/Pipfile* app
  sed -i 's/attrs = "==26.1.0"/attrs = "==25.1.0"/' app/Pipfile
  git -C app add -A
  git -C app commit -qm three
  git -C app tag v3
  release -1
  one_line_error "Pipfile"
  [[ $(<results/comment.md) == *"failed"*"Nothing was pushed"*"Pipfile"* ]]
  run -1 skopeo inspect --tls-verify=false "docker://$registry/team/greeting:v3"
  [[ -z $(git -C gitops log --oneline --grep v3) ]]
}

@test "what cannot be is one line that says what to do, and nothing is pushed" {
  with_repository
  echo x >>app/greeting
  release -1
  one_line_error "has changes that are not committed ('greeting')"
  git -C app checkout -q greeting
  run --separate-stderr -1 cairn release app --tag v7
  one_line_error "has no tag 'v7'; the newest is 'v1'"
  git -C app commit -q --allow-empty -m more
  release -1
  one_line_error "has no tag; git tag NAME"
  run --separate-stderr -1 cairn release app --tag v1
  one_line_error "git checkout v1"
  git -C app tag v2
  sed -i 's/registry-org: team/registry-orgg: team/' app/.aicoe-ci.yaml
  git -C app commit -qam bad
  git -C app tag v3
  release -1
  one_line_error ".aicoe-ci.yaml:7:3: unknown key 'registry-orgg'"
  git -C app checkout -q v2
  sed -i 's|notebooks/imagestream.yaml|elsewhere.yaml|' app/.aicoe-ci.yaml
  git -C app commit -qam elsewhere
  git -C app tag v4
  release -1
  one_line_error "gitops/elsewhere.yaml': no such file"
  mkdir empty
  run --separate-stderr -1 cairn release empty
  one_line_error "is no git checkout"
}

@test "a tag that is another image already is not moved without --replace" {
  with_repository
  release -0
  echo 'Moved.' >app/greeting
  git -C app commit -qam moved
  git -C app tag -f v1 >/dev/null
  release -1
  one_line_error "team/greeting:v1: is another image already"
  run --separate-stderr -0 cairn release app --replace --gitops gitops --tls-verify false --quiet
}

@test "overlays take their base image from .thoth.yaml, and without one there is a warning" {
  with_repository
  sed -i '/name: formal/,/registry-project: greeting-formal/s/build-strategy: Containerfile/build-stratergy: Source\n      base-image: registry.example.com\/builder:1/' app/.aicoe-ci.yaml
  sed -i 's|^    python_version.*|&\n    base_image: registry.example.com/other:2|' app/.thoth.yaml
  git -C app commit -qam thoth
  git -C app tag v3
  run --separate-stderr -0 cairn release app --tag v3 --dry-run
  [[ $output == *"s2i: builder registry.example.com/other:2"* && $stderr != *"no overlay"* ]]
  git -C app rm -q .thoth.yaml
  git -C app commit -qm none
  git -C app tag v4
  run --separate-stderr -0 cairn release app --tag v4 --dry-run
  [[ $output == *"s2i: builder registry.example.com/builder:1"* && $stderr == *"without .thoth.yaml AICoE-CI builds no overlay; cairn does"* ]]
}

@test "--dry-run says what would be done and does nothing" {
  with_repository
  run --separate-stderr -0 cairn release app --dry-run --quiet
  [[ $output == *"$registry/team/greeting "*"v1, latest"*"containerfile"*"notebooks/imagestream.yaml"* ]]
  run -1 skopeo inspect --tls-verify=false "docker://$registry/team/greeting:v1"
}
