#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0

# bats and support.bash set variables; what is quoted is for another shell or for sed.
# shellcheck disable=SC2154,SC2016
load support

@test "changes a config and nothing else" {
  with_store
  run --separate-stderr -0 cairn mutate library:2026.11 --env A=1 --env B=x=y --label l=1 --user 1001:0 --workdir /w --port 80 \
    --volume /data --stop-signal SIGINT --entrypoint /bin/sh --entrypoint -c --cmd '["sleep", "60"]' --tag library:set
  run -0 cairn inspect library:set --json
  [[ $(json '.config.env | join(" ")') == "A=1 B=x=y" && $(json .config.labels.l) == 1 && $(json .config.user) == 1001:0 ]]
  [[ $(json .config.working_dir) == /w && $(json '.config.entrypoint | join(" ")') == "/bin/sh -c" && $(json '.config.cmd | join(" ")') == "sleep 60" ]]
  [[ $(json '[.layers[].digest]') == "$(cairn inspect library:2026.11 --json | jq '[.layers[].digest]')" ]]
  config=$(json .config.digest)
  blob=$HOME/.local/share/cairn/store/blobs/sha256/${config#sha256:}
  jq -e '.config.ExposedPorts["80/tcp"] == {} and .config.Volumes["/data"] == {} and .config.StopSignal == "SIGINT"' "$blob"
  jq -e '.history[-1] | .empty_layer and (.created_by | startswith("cairn mutate: env, labels"))' "$blob"
  run -0 cairn validate library:set
}

@test "removes what was set" {
  with_store
  cairn mutate library:2026.11 --env A=1 --label l=1 --user u --workdir /w --port 80 --volume /data --stop-signal 15 --entrypoint e --cmd c \
    --tag library:set --quiet
  run --separate-stderr -0 cairn mutate library:set --no-env A --no-label l --no-user --no-workdir --no-port 80/tcp --no-volume /data \
    --no-stop-signal --no-entrypoint --no-cmd --tag library:back
  config() { jq -S .config "$HOME/.local/share/cairn/store/blobs/sha256/$(cairn inspect "$1" --json | jq -r '.config.digest | ltrimstr("sha256:")')"; }
  diff <(config library:2026.11) <(config library:back)
}

@test "refuses what makes no sense" {
  with_store
  run --separate-stderr -2 cairn mutate library:2026.11 --tag library:x
  one_line_error "'mutate' needs something to change"
  run --separate-stderr -2 cairn mutate library:2026.11 --env A --tag library:x
  one_line_error "--env: 'A' is not NAME=VALUE"
  run --separate-stderr -2 cairn mutate library:2026.11 --user u --no-user --tag library:x
  one_line_error "--user and --no-user exclude one another"
  run --separate-stderr -2 cairn mutate library:2026.11 --cmd '["a"' --tag library:x
  one_line_error "--cmd"
  run --separate-stderr -1 cairn mutate library:2026.11 --no-env A --tag library:x
  one_line_error "variable 'A': the image does not set it"
  run --separate-stderr -1 cairn mutate library:2026.11 --port 99999 --tag library:x
  one_line_error "port '99999'"
  run --separate-stderr -1 cairn mutate library:2026.11 --volume data --tag library:x
  one_line_error "volume 'data': is not an absolute path"
}
