// SPDX-License-Identifier: Apache-2.0
#include <cairn/deploy/pipeline.hpp>

#include <fmt/format.h>

namespace cairn::deploy {
namespace {

constexpr std::string_view github =
    R"(# Made by cairn ci. A pushed tag becomes an image. REGISTRY_AUTH is a secret: the auth.json of a robot account.
name: release
on:
  push:
    tags: ["*"]
permissions:
  contents: read
jobs:
  release:
    runs-on: ubuntu-latest
    container: @IMAGE@
    steps:
      - uses: actions/checkout@v4
        with:
          fetch-depth: 0
      - name: release
        env:
          REGISTRY_AUTH: ${{ secrets.REGISTRY_AUTH }}
          TAG: ${{ github.ref_name }}
        run: |
          umask 077
          git config --global --add safe.directory "$PWD"
          printf '%s' "$REGISTRY_AUTH" >"$HOME/auth.json"
          export REGISTRY_AUTH_FILE="$HOME/auth.json"
          cairn release --tag "$TAG" --progress plain
)";

constexpr std::string_view gitlab =
    R"(# Made by cairn ci. A pushed tag becomes an image. REGISTRY_AUTH is a variable of type file: the auth.json of a robot account.
release:
  image: {name: "@IMAGE@", entrypoint: [""]}
  rules:
    - if: $CI_COMMIT_TAG
  variables:
    GIT_DEPTH: "0"
  script:
    - export REGISTRY_AUTH_FILE="$REGISTRY_AUTH"
    - git config --global --add safe.directory "$PWD"
    - cairn release --tag "$CI_COMMIT_TAG" --progress plain
)";

constexpr std::string_view tekton =
    R"(# Made by cairn ci. A Task that makes an image of the tag; workspace `auth` has the auth.json of a robot account.
apiVersion: tekton.dev/v1
kind: Task
metadata:
  name: cairn-release
spec:
  params:
    - name: tag
      type: string
  workspaces:
    - name: source
    - name: auth
      readOnly: true
  results:
    - name: IMAGE_URL
    - name: IMAGE_DIGEST
  steps:
    - name: release
      image: @IMAGE@
      workingDir: $(workspaces.source.path)
      env:
        - name: HOME
          value: /tekton/home
        - name: TAG
          value: $(params.tag)
        - name: REGISTRY_AUTH_FILE
          value: $(workspaces.auth.path)/auth.json
        - name: RESULTS
          value: $(results.IMAGE_URL.path)
      securityContext:
        runAsNonRoot: true
        allowPrivilegeEscalation: false
        capabilities:
          drop: [ALL]
      script: |
        #!/bin/sh
        set -eu
        git config --global --add safe.directory "$PWD"
        cairn release --tag "$TAG" --progress plain --results "${RESULTS%/*}"
)";

constexpr std::string_view jenkins =
    R"(// Made by cairn ci. A pushed tag becomes an image. Credential registry-auth is a secret file: the auth.json of a robot account.
pipeline {
  agent { docker { image '@IMAGE@'; args '--entrypoint=' } }
  stages {
    stage('release') {
      when { buildingTag() }
      steps {
        withCredentials([file(credentialsId: 'registry-auth', variable: 'REGISTRY_AUTH_FILE')]) {
          sh '''
            set -eu
            export HOME="$WORKSPACE_TMP"
            git config --global --add safe.directory "$PWD"
            cairn release --tag "$TAG_NAME" --progress plain
          '''
        }
      }
    }
  }
}
)";

}  // namespace

std::string_view pipeline_path(Service service)
{
  switch (service) {
    case Service::github: return ".github/workflows/release.yaml";
    case Service::gitlab: return ".gitlab-ci.yml";
    case Service::tekton: return ".tekton/cairn-release.yaml";
    case Service::jenkins: return "Jenkinsfile";
  }
  return {};
}

std::string pipeline(Service service, const std::string& cairn_image)
{
  std::string out(service == Service::github   ? github
                  : service == Service::gitlab ? gitlab
                  : service == Service::tekton ? tekton
                                               : jenkins);
  constexpr std::string_view place = "@IMAGE@";
  return out.replace(out.find(place), place.size(), cairn_image);
}

}  // namespace cairn::deploy
