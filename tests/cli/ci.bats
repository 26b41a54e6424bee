#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0

# bats and support.bash set variables; what is quoted is for another program.
# shellcheck disable=SC2154,SC2016
load support

# The steps are run with a `cairn` that writes down what it was asked for and with which credentials, and a `git` that does nothing.
with_stand_ins() {
  mkdir -p bin work
  printf '#!/bin/sh\nprintf "%%s auth=%%s\\n" "cairn $*" "$(cat "${REGISTRY_AUTH_FILE:?}")" >>"%s/asked"\n' "$PWD" >bin/cairn
  printf '#!/bin/sh\nexit 0\n' >bin/git
  chmod +x bin/*
  stand_ins=$PWD/bin:$PATH
  echo '{"auths":{}}' >auth.json
}

asked() {
  [[ $(<asked) == "cairn release --tag v1.0 --progress plain$1 auth={\"auths\":{}}" ]] || {
    cat asked
    return 1
  }
}

@test "github: the step releases the tag with the secret's credentials" {
  with_stand_ins
  run -0 cairn ci github --image registry.example.com/cairn:1 --write .
  [[ $output == *.github/workflows/release.yaml ]]
  yaml 'd["jobs"]["release"]["steps"][1]["run"]' .github/workflows/release.yaml >script
  [[ $(yaml 'd["jobs"]["release"]["container"]' .github/workflows/release.yaml) == registry.example.com/cairn:1 ]]
  PATH=$stand_ins TAG=v1.0 REGISTRY_AUTH=$(<auth.json) bash -e script
  asked ''
}

@test "gitlab: the script releases the tag with the variable's file" {
  with_stand_ins
  cairn ci gitlab --image registry.example.com/cairn:1 >gitlab.yaml
  yaml 'd["release"]["script"]' gitlab.yaml >script
  PATH=$stand_ins CI_COMMIT_TAG=v1.0 REGISTRY_AUTH=$PWD/auth.json sh -e script
  asked ''
}

@test "tekton: the step writes where results are read" {
  with_stand_ins
  cairn ci tekton --image registry.example.com/cairn:1 >task.yaml
  yaml 'd["spec"]["steps"][0]["script"]' task.yaml >script
  chmod +x script
  PATH=$stand_ins TAG=v1.0 REGISTRY_AUTH_FILE=$PWD/auth.json RESULTS=/tekton/results/IMAGE_URL ./script
  asked ' --results /tekton/results'
}

@test "jenkins: the shell step releases the tag" {
  with_stand_ins
  cairn ci jenkins --image registry.example.com/cairn:1 >Jenkinsfile
  sed -n "/sh '''/,/'''\$/{//!p}" Jenkinsfile >script
  PATH=$stand_ins WORKSPACE_TMP=$PWD/work TAG_NAME=v1.0 REGISTRY_AUTH_FILE=$PWD/auth.json sh script
  asked ''
}

@test "a file that is there is not replaced, and services are named" {
  echo mine >Jenkinsfile
  run -1 --separate-stderr cairn ci jenkins --image a/b:1 --write .
  one_line_error '--force replaces it'
  cairn ci jenkins --image a/b:1 --write . --force
  [[ $(<Jenkinsfile) == *cairn* ]]
  run -2 --separate-stderr cairn ci travis --image a/b:1
  one_line_error 'github, gitlab, tekton, jenkins'
}
