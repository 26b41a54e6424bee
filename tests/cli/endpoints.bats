#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0

# bats and support.bash set variables.
# shellcheck disable=SC2154
load support

# with_client: a `kubectl` that answers as a cluster with an HTTPRoute, an Ingress and a data connection would, and knows no routes.
with_client() {
  mkdir bin
  cat >bin/kubectl <<'END'
#!/bin/sh
echo "$*" >>"$0.log"
case "$2" in
  route) echo "error: the server doesn't have a resource type \"route\"" >&2; exit 1 ;;
  httproute) echo '{"items": [{"metadata": {"name": "mine"}, "spec": {"hostnames": ["mine.example.com"]}}, {"metadata": {"name": "bare"}}]}' ;;
  ingress) echo '{"items": [{"metadata": {"name": "web"}, "spec": {"rules": [{"host": "web.example.com"}]}}]}' ;;
  secret) echo '{"items": [{"metadata": {"name": "aws-connection-s3"}, "data": {"AWS_S3_ENDPOINT": "aHR0cHM6Ly9zMw==", "AWS_SECRET_ACCESS_KEY": "Z2VoZWlt"}}]}' ;;
esac
END
  chmod +x bin/kubectl
  PATH=$PWD/bin:$PATH
}

@test "addresses and data connections are shown, keys are not" {
  with_client
  run -0 cairn endpoints --namespace science
  [[ $output == *"https://mine.example.com"* && $output == *"https://web.example.com"* && $output == *"AWS_S3_ENDPOINT=https://s3"* ]]
  [[ $output == *"AWS_SECRET_ACCESS_KEY=***"* && $output != *geheim* ]]
  grep -q -- '--namespace science' bin/kubectl.log
  run -0 cairn endpoints --json --show-secrets
  [[ $(json '.credentials[1].value') == geheim && $(json '.endpoints | length') == 2 ]]
}

@test "what the client says is passed on; no client at all is said" {
  mkdir bin
  printf '#!/bin/sh\necho "error: You must be logged in to the server" >&2\nexit 1\n' >bin/oc
  chmod +x bin/oc
  run -1 --separate-stderr cairn endpoints --client "$PWD/bin/oc"
  one_line_error 'You must be logged in'
  run -1 --separate-stderr env PATH="$PWD/nothing" "$CAIRN" endpoints
  one_line_error 'neither kubectl nor oc'
}
