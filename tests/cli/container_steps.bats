#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# What becomes of a step that buildah runs. CONTAINER_STEP names the helper (tests/support/container_step.cpp). Needs root,
# buildah, and for packages apt sources for bookworm.

# bats and support.bash set variables; what is quoted is for another shell or for sed.
# shellcheck disable=SC2154,SC2016
load support

setup_file() {
  clean_environment
  base=$(CAIRN_CACHE=$lasting_cache "$checkout/tests/support/lmod-base")
  # An image that nobody else on this machine makes containers of.
  manifest=$(cairn mutate "oci:$base:base:lmod" --label "test=$RANDOM$RANDOM" --tag base:1 --store "$BATS_FILE_TMPDIR/store" --quiet)
  jq -r '.config.digest' "$BATS_FILE_TMPDIR/store/blobs/sha256/${manifest#sha256:}" >"$BATS_FILE_TMPDIR/image"
}

setup() {
  in_empty_place
  store=$HOME/.local/share/cairn/store
  cp -a "$BATS_FILE_TMPDIR/store" "$store"
}

# step OPTION… -- SCRIPT: on base:1, as result:1.
step() {
  local options=()
  while [[ $1 != -- ]]; do
    options+=("$1")
    shift
  done
  "$CONTAINER_STEP" "${options[@]}" "$store" base:1 result:1 script "$2"
}

# Names of the containers of our image.
own_containers() { buildah containers --json | jq -r --arg id "$(<"$BATS_FILE_TMPDIR/image")" '.[]? | select(.imageid == ($id | ltrimstr("sha256:"))) | .containername'; }

# What the step's layer holds: type, mode, owner and path, a line each.
layer_list() {
  local digest
  digest=$(cairn inspect result:1 --json | jq -r '.layers[-1].digest')
  zstd -dcq "$store/blobs/sha256/${digest#sha256:}" | tar --numeric-owner -tvf - | sed -E 's/^([^ ]+ [^ ]+) +[0-9]+ ([^ ]+) [^ ]+ /\1 \2 /'
}

@test "writes what changed, sorted, with owners and set-id bits and constant times" {
  run --separate-stderr -0 step -- 'echo new > /etc/added; rm /etc/issue; chmod 700 /opt; touch /etc/passwd; echo x > /usr/bin/tool; chmod 4755 /usr/bin/tool
    ln /usr/bin/tool /usr/bin/same; ln -s tool /usr/bin/other; mkdir /srv/own; chown 1001:42 /srv/own; rm -r /usr/share/lmod; mkdir /usr/share/lmod; echo 1 > /usr/share/lmod/one'
  run -0 cairn validate result:1
  run -0 layer_list
  diff - <(printf '%s\n' "$output") <<'END'
drwxr-xr-x 0/0 2000-01-01 etc/
-rw-r--r-- 0/0 2000-01-01 etc/added
---------- 0/0 1970-01-01 etc/.wh.issue
drwx------ 0/0 2000-01-01 opt/
drwxr-xr-x 0/0 2000-01-01 srv/
drwxr-xr-x 1001/42 2000-01-01 srv/own/
drwxr-xr-x 0/0 2000-01-01 usr/
drwxr-xr-x 0/0 2000-01-01 usr/bin/
lrwxrwxrwx 0/0 2000-01-01 usr/bin/other -> tool
-rwsr-xr-x 0/0 2000-01-01 usr/bin/same
hrwsr-xr-x 0/0 2000-01-01 usr/bin/tool link to usr/bin/same
drwxr-xr-x 0/0 2000-01-01 usr/share/
drwxr-xr-x 0/0 2000-01-01 usr/share/lmod/
---------- 0/0 1970-01-01 usr/share/lmod/.wh..wh..opq
-rw-r--r-- 0/0 2000-01-01 usr/share/lmod/one
END
}

@test "gives the same bytes twice, in a namespace or a chroot, and does not tell where it ran" {
  script='env | sort > /env; cat /proc/sys/kernel/hostname >> /env; date +%s > /tmp/now; head -c 9 /dev/urandom > /var/log/noise; id >> /env; pwd >> /env; ulimit -c 0'
  run --separate-stderr -0 step --isolation chroot -- "$script"
  first=$output
  [[ $output == *$'\n'tmp/now* && $output == *$'\n'var/log/noise* ]]
  run --separate-stderr -0 step --isolation chroot -- "$script"
  [[ $output == "$first" ]]
  cairn unpack result:1 root --quiet
  run ! grep -F "$(hostname)" root/env
  run --separate-stderr step --isolation oci -- "$script"
  # Where the kernel lets nobody make such a container, the probe would have chosen the other.
  [[ $status != 0 || $output == "$first" ]]
}

@test "makes no layer of nothing" {
  run --separate-stderr -0 step -- 'touch /etc/passwd; mkdir /etc/x; rmdir /etc/x; chmod 1777 /tmp; echo >> /etc/hosts || true'
  [[ $output == nothing ]]
}

@test "has the network only when asked for" {
  run --separate-stderr -0 step -- 'tail -n +3 /proc/net/dev | grep -v -c " lo:" > /interfaces || true; grep -c "^ *[a-z]" /proc/net/route >> /interfaces || true'
  cairn unpack result:1 root --quiet
  [[ $(<root/interfaces) == $'0\n'* ]]
  run --separate-stderr -0 step --network -- 'tail -n +3 /proc/net/dev > /interfaces'
}

@test "leaves out bytecode whose source is another, and keeps the rest valid" {
  run --separate-stderr -0 step -- 'mkdir -p /usr/lib/p/__pycache__; cd /usr/lib/p; printf "x=1\n" > kept.py; touch -d @1 kept.py
    printf "\247\r\r\n\0\0\0\0\1\0\0\0\4\0\0\0code" > __pycache__/kept.cpython-311.pyc; cp __pycache__/kept.cpython-311.pyc __pycache__/gone.cpython-311.pyc'
  [[ $output == *$'\n'usr/lib/p/__pycache__/gone.cpython-311.pyc && $output != *kept* ]]
  cairn unpack result:1 root --quiet
  # An unchecked hash (PEP 552).
  [[ $(od -An -tx1 -j4 -N4 root/usr/lib/p/__pycache__/kept.cpython-311.pyc) == " 01 00 00 00" ]]
}

@test "shows the last lines of a step that fails, and leaves nothing" {
  run --separate-stderr -1 step -- 'echo first; echo reason >&2; exit 7'
  [[ $stderr == *"script: exit status 7"* && $stderr == *"'first'"* && $stderr == *"'reason'"* ]]
  [[ -z $(own_containers) ]]
  run ! cairn inspect result:1
}

@test "ends with what the step left running" {
  run --separate-stderr -0 step -- 'tail -f /etc/passwd >/dev/null 2>&1 </dev/null & echo $! >/etc/left'
  [[ $output == sha256:* && -z $(own_containers) ]]
}

@test "clears away what a killed run left" {
  step -- 'touch /tmp/here; exec tail -f /dev/null' 3>&- &
  shell=$!
  until container=$(own_containers) && [[ -n $container ]] && root=$(buildah mount "$container" 2>/dev/null) && [[ -e $root/tmp/here ]]; do
    kill -0 "$shell"
  done
  record=$(buildah info --format '{{.store.GraphRoot}}')/cairn/run-$container
  kill -KILL "$(<"$record")"
  wait "$shell" || true
  run --separate-stderr -0 step -- 'true'
  [[ ! -e $record && -z $(own_containers) ]]
}

@test "on another base a step runs again, and native layers are taken as they are" {
  mkdir -p project/files below
  echo x >project/files/x
  echo new >below/new
  printf 'base: {image: "base:1"}\nlayers:\n- {files: files, to: /opt/app}\n- {run: "ls /srv >/opt/seen"}\n' >project/cairn.yaml
  cairn build project --tag project:1 --quiet >/dev/null
  cairn append base:1 below --target /srv --tag base:1 --quiet >/dev/null
  run -0 cairn build project --tag project:1 --json --quiet
  [[ $(jq -c '[.steps[] | [.kind, .made, .why]]' <<<"$output") == '[["base",false,"what it reads is as it was, another than before"],["files",false,"what it reads is as it was; rebased as it is"],["run",true,"the base below it is another: run again"]]' ]]
  cairn unpack project:1 root --quiet
  [[ $(<root/opt/seen) == new ]]
}

@test "installs packages from this machine's sources, the same twice" {
  run --separate-stderr -0 "$CONTAINER_STEP" "$store" base:1 result:1 packages jq
  first=$output
  [[ $output == *var/log/dpkg.log* && $output == *var/lib/dpkg/status-old* ]]
  run -0 cairn validate result:1
  cairn unpack result:1 root --quiet
  [[ $(chroot root jq -n 1+1) == 2 ]]
  [[ ! -e root/etc/apt/sources.list && ! -e root/run/cairn-sources ]]
  run ! grep -E '^-.* (var/(log|cache/apt|lib/apt/lists)|run|tmp)/' <(layer_list)
  run --separate-stderr -0 "$CONTAINER_STEP" "$store" base:1 result:2 packages jq
  [[ $output == "$first" ]]
}

@test "names a package that is not to be had, and the nearest" {
  run --separate-stderr -1 "$CONTAINER_STEP" "$store" base:1 result:1 packages jq=0.1 lmodd
  [[ $stderr == *"jq has no version 0.1; there is 1."* ]]
  [[ $stderr == *"has a package lmodd; the nearest are: lmod "* ]]
}
