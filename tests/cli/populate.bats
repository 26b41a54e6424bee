#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0

# bats and support.bash set variables; what is quoted is for jq.
# shellcheck disable=SC2154,SC2016,SC2030,SC2031
load support
load ../support/registry/registry

teardown() {
  stop_registries
  if [[ -n ${mounted-} ]]; then umount "$mounted"; fi
}

# with_release N: the store `store` with library:N, made for the volume that will be at ./volume.
with_release() {
  rm -rf easybuild
  with_tree "$PWD/volume"
  if [[ $1 == 2 ]]; then
    rm -r easybuild/software/Hello/1.0 easybuild/modules/all/Hello/1.0.lua easybuild/software/Greeting easybuild/modules/all/Greeting
    echo changed >easybuild/software/Hello/2.0/share/data
    cp -r easybuild/software/Hello/2.0 easybuild/software/Hello/3.0
    sed 's/2\.0/3.0/' easybuild/modules/all/Hello/2.0.lua >easybuild/modules/all/Hello/3.0.lua
  fi
  cairn split easybuild --target "$PWD/volume" --tag "library:$1" --store store --quiet >/dev/null
}

populate() { cairn populate "$1" volume --store store --quiet "${@:2}"; }

list() {
  (cd "$1" && find -L . -path ./.cairn -prune -o -type f -print0 | sort -z | xargs -0 sha256sum)
}

untouched() {
  find volume ! -path '*/.cairn/lock*' -printf '%p %y %l %s %T@\n' | sort >before
  run --separate-stderr "$@"
  find volume ! -path '*/.cairn/lock*' -printf '%p %y %l %s %T@\n' | sort >after
  diff before after
}

as_nobody() { setpriv --reuid="${uid:-65534}" --regid=0 --clear-groups "$@"; }

@test "fills an empty directory with the tree" {
  with_release 1
  run --separate-stderr -0 populate library:1
  [[ $output =~ ^[0-9a-f]{16}$ ]]
  diff <(list easybuild) <(list volume)
  [[ $(volume/software/Hello/1.0/bin/hello) == "Hello 1.0" ]]
  [[ $(readlink volume/modules/all/Hello/default) == 2.0.lua ]]
  [[ volume/.cairn/lmod/spiderT.lua -ef volume/.cairn/current/.cairn/lmod/spiderT.lua ]]
  [[ ! volume/.cairn/lmod/spiderT.lua -ot volume/.cairn/lmod/timestamp ]]
}

@test "does nothing the second time, and writes nothing" {
  with_release 1
  populate library:1 >/dev/null
  find volume -printf '%p %T@ %C@\n' | sort >before
  run --separate-stderr -0 populate library:1 --json
  find volume -printf '%p %T@ %C@\n' | sort >after
  diff before after
  [[ $(json .changed) == false && $(json .fetched_bytes) == 0 && $(json .units.kept) == 5 ]]
}

@test "fetches and writes only what is new" {
  with_release 1
  populate library:1 >/dev/null
  with_release 2
  run --separate-stderr -0 populate library:2 --json
  [[ $(json '.units.added | join(" ")') == Hello/3.0 && $(json '.units.changed | join(" ")') == Hello/2.0 ]]
  [[ $(json '.units.removed | join(" ")') == "Greeting/2.0 Hello/1.0" && $(json .units.poured) == 2 ]]
  [[ $(json .written_files) -lt 20 ]]
  [[ $(cat volume/software/Hello/2.0/share/data) == changed && -e volume/modules/all/Hello/3.0.lua && ! -e volume/modules/all/Hello/1.0.lua ]]
}

@test "a removed module stays for those who loaded it, until gc" {
  with_release 1
  populate library:1 >/dev/null
  with_release 2
  populate library:2 >/dev/null
  [[ ! -e volume/modules/all/Greeting/2.0.lua ]]
  [[ $(volume/software/Greeting/2.0/bin/greeting) == "Greeting 2.0" ]]
  cairn volume gc volume --keep 1 --grace 0 --quiet
  [[ ! -e volume/software/Greeting/2.0 && -x volume/software/Hello/2.0/bin/hello ]]
  cairn volume verify volume --quiet
}

@test "--module pours a module and what it needs" {
  with_release 1
  populate library:1 --module Greeting/2.0 >/dev/null
  [[ $(ls volume/software) == $'Greeting\nHello' && $(ls volume/software/Hello) == 1.0 ]]
  [[ -e volume/modules/all/Greeting/2.0.lua && ! -e volume/modules/all/Hello/2.0.lua ]]
  # What would lead nowhere is left out, and so is the cache, which would name modules that are not here.
  [[ ! -L volume/modules/all/Hello/default && ! -e volume/.cairn/lmod ]]
  run --separate-stderr -1 populate library:1 --module Greeting/2.1
  one_line_error "Greeting/2.0"
}

@test "--from-collection pours the modules of a saved collection" {
  with_release 1
  printf '_ModuleTable_ = {\n mT = {\n  Greeting = { fn = "x", fullName = "Greeting/2.0", },\n }\n}\n' >collection
  populate library:1 --from-collection collection >/dev/null
  [[ -e volume/modules/all/Greeting/2.0.lua && ! -e volume/modules/all/Hello/2.0.lua ]]
}

@test "--dry-run says what it would do and does nothing" {
  with_release 1
  run --separate-stderr -0 populate library:1 --dry-run --json
  [[ $(json .units.poured) == 5 && $(json .dry_run) == true && ! -e volume ]]
}

@test "--metrics and --progress json say it to programs" {
  with_release 1
  run --separate-stderr -0 cairn populate library:1 volume --store store --metrics figures --progress json
  grep -q '^cairn_populate_written_files 1[0-9]$' figures
  # shellcheck disable=SC2016
  jq -es 'map(select(.event == "begin" and (.title | startswith("pour")))) | length == 1' <<<"$stderr"
}

@test "--keep removes older generations that are out of grace" {
  with_release 1
  populate library:1 --keep 1 >/dev/null
  with_release 2
  populate library:2 --keep 1 >/dev/null
  # A week of grace: nothing goes yet.
  [[ $(cairn volume status volume --json | jq '.generations | length') == 2 ]]
}

@test "what is in the way is named, left alone, and nothing changes" {
  with_release 1
  mkdir -p volume/software/Hello/1.0 volume/home
  echo mine >volume/software/Hello/1.0/file
  run --separate-stderr -1 populate library:1
  one_line_error "software/Hello/1.0"
  [[ $(cat volume/software/Hello/1.0/file) == mine && ! -e volume/modules ]]
  rm -r volume/software/Hello
  echo more >volume/software/other
  populate library:1 >/dev/null
  [[ $(cat volume/software/other) == more && -d volume/home && ! -L volume/software && -x volume/software/Hello/1.0/bin/hello ]]
  with_release 2
  populate library:2 >/dev/null
  [[ $(cat volume/software/Hello/2.0/share/data) == changed && -e volume/software/Hello/3.0 ]]
}

@test "--adopt takes over a copied tree without copying it" {
  with_release 1
  rsync -aWO --no-perms easybuild/ volume/
  echo "somebody's own" >volume/software/Hello/2.0/share/data
  inode=$(stat -c %i volume/software/Hello/1.0/share/data)
  run --separate-stderr -1 populate library:1 --adopt
  one_line_error "software/Hello/2.0"
  cp easybuild/software/Hello/2.0/share/data volume/software/Hello/2.0/share/data
  run --separate-stderr -0 populate library:1 --adopt --json
  # The run before took over the four that are the same already.
  [[ $(json .units.adopted) == 1 && $(json .fetched_bytes) == 0 ]]
  [[ $(stat -c %i volume/software/Hello/1.0/share/data) == "$inode" ]]
  cairn volume verify volume --quiet
  with_release 2
  populate library:2 >/dev/null
  diff <(list easybuild | grep -v Greeting) <(list volume | grep -v -e Greeting -e software/Hello/1.0)
  cairn volume rollback volume --quiet
  [[ $(volume/software/Hello/2.0/bin/hello) == "Hello 2.0" && $(head -c 9 volume/software/Hello/2.0/share/data) == "Hello 2.0" ]]
}

@test "a planted link is refused, and what it leads to untouched" {
  with_release 1
  mkdir outside volume
  for name in .cairn software modules; do
    ln -s ../outside "volume/$name"
    run --separate-stderr -1 populate library:1
    [[ ${#stderr_lines[@]} == 1 ]]
    [[ -z $(ls outside) ]]
    rm "volume/$name"
    rm -rf volume/.cairn
  done
  populate library:1 >/dev/null
  for name in units generations trash lock current; do
    mv "volume/.cairn/$name" aside
    ln -s ../../outside "volume/.cairn/$name"
    with_release 2
    run --separate-stderr -1 populate library:2
    [[ -z $(ls outside) ]]
    rm "volume/.cairn/$name"
    mv aside "volume/.cairn/$name"
  done
}

@test "a library for another target, machine or format is refused" {
  with_release 1
  populate library:1 >/dev/null
  with_tree /opt/other 2>/dev/null || { rm -rf easybuild && with_tree /opt/other; }
  cairn split easybuild --target /opt/other --tag other:1 --store store --quiet >/dev/null
  untouched cairn populate other:1 volume --store store --quiet
  one_line_error "is seen at"
  printf 'cairn volume 99\n' >volume/.cairn/format
  untouched cairn populate other:1 volume --store store --quiet
  one_line_error "format 99"
}

@test "a damaged fragment is never seen" {
  with_release 1
  populate library:1 >/dev/null
  with_release 2
  for f in store/blobs/sha256/*; do
    [[ $(stat -c %s "$f") -gt 600 && $(head -c 4 "$f" | od -An -tx1 | tr -d ' ') == 28b52ffd ]] && printf 'x' | dd of="$f" bs=1 seek=500 conv=notrunc status=none
  done
  run --separate-stderr -1 populate library:2
  [[ ${#stderr_lines[@]} == 1 ]]
  [[ $(head -c 9 volume/software/Hello/2.0/share/data) == "Hello 2.0" && ! -e volume/software/Hello/3.0 ]]
  [[ -z $(find volume/.cairn/units -name '*.part') ]]
}

@test "a full disk (bytes, files) leaves the old generation, and is known before where it can be" {
  [[ $(id -u) == 0 ]] || skip "mounting needs root"
  mkdir disk
  mount -t tmpfs -o size=1m,nr_inodes=400 tmpfs disk || skip "this system does not let root mount"
  mounted=$PWD/disk
  mkdir disk/volume
  ln -s disk/volume volume
  with_release 1
  populate library:1 >/dev/null
  mkdir -p easybuild/software/Big/1/easybuild
  head -c 3000000 /dev/urandom >easybuild/software/Big/1/data
  cairn split easybuild --target "$PWD/volume" --tag library:2 --store store --quiet >/dev/null
  run --separate-stderr -1 populate library:2
  one_line_error "are free"
  rm easybuild/software/Big/1/data
  for i in {1..500}; do echo "$i" >"easybuild/software/Big/1/$i"; done
  cairn split easybuild --target "$PWD/volume" --tag library:3 --store store --quiet >/dev/null
  run --separate-stderr -1 populate library:3
  one_line_error "more are possible"
  cairn volume verify volume --quiet
}

@test "a btrfs quota is a full disk: one line, and the old generation" {
  [[ $(id -u) == 0 ]] || skip "mounting needs root"
  grep -qw btrfs /proc/filesystems || skip "this kernel has no btrfs"
  truncate -s 160M image
  mkfs.btrfs -q image
  mkdir disk
  mount -o loop image disk || skip "this system does not let root mount"
  mounted=$PWD/disk
  btrfs quota enable disk
  btrfs subvolume create disk/volume >/dev/null
  ln -s disk/volume volume
  with_release 1
  populate library:1 >/dev/null
  btrfs qgroup limit 8M disk/volume
  sync -f disk
  mkdir -p easybuild/software/Big/1/easybuild
  head -c 20000000 /dev/urandom >easybuild/software/Big/1/data
  cairn split easybuild --target "$PWD/volume" --tag library:2 --store store --quiet >/dev/null
  list volume >seen
  run --separate-stderr -1 populate library:2
  one_line_error "quota"
  diff seen <(list volume)
  btrfs qgroup limit none disk/volume
  populate library:2 >/dev/null
  diff <(list easybuild) <(list volume)
}

@test "works as a random user of group 0, and the next one goes on" {
  [[ $(id -u) == 0 ]] || skip "needs root to become others"
  with_release 1
  with_release 2
  place=$(mktemp -d)
  chmod 2775 "$place"
  chmod a+rx "$(dirname "$place")"
  cp "$CAIRN" "$place/cairn"
  cp -r store "$place/store"
  chmod -R g=u,a+rX "$place"
  mkdir -m 2775 "$place/volume"
  export HOME=$place
  uid=1000620000 as_nobody sh -c "umask 077; '$place/cairn' populate library:1 '$place/volume' --store '$place/store' --quiet"
  [[ -z $(find "$place/volume" -type d ! -perm -0775) && -z $(find "$place/volume" -type f ! -perm -0660 ! -perm -0440) ]]
  uid=1000990000 as_nobody sh -c "umask 022; '$place/cairn' populate library:2 '$place/volume' --store '$place/store' --quiet"
  uid=1000990000 as_nobody "$place/cairn" volume gc "$place/volume" --keep 1 --grace 0 --quiet
  as_nobody "$place/cairn" volume verify "$place/volume" --quiet
  [[ $(cat "$place/volume/software/Hello/2.0/share/data") == changed ]]
  rm -rf "$place"
}

@test "SIGTERM ends it soon; the next run goes on" {
  with_release 1
  mkdir -p easybuild/software/Big/1/easybuild
  truncate -s 300M easybuild/software/Big/1/sparse
  cairn split easybuild --target "$PWD/volume" --tag library:2 --store store --quiet >/dev/null
  populate library:1 >/dev/null
  "$CAIRN" populate library:2 volume --store store --quiet 3>&- &
  until [[ -n $(find volume/.cairn/units -name '*.part' 2>/dev/null) ]]; do
    kill -0 $! 2>/dev/null || break
  done
  kill -TERM $! 2>/dev/null || true
  code=0
  wait $! || code=$?
  [[ $code == 130 || $code == 0 ]]
  [[ $(volume/software/Hello/1.0/bin/hello) == "Hello 1.0" ]]
  populate library:2 >/dev/null
  [[ -e volume/software/Big/1/sparse ]]
}

@test "a volume that is read-only is said to be so, and an update of nothing works on it" {
  [[ $(id -u) == 0 ]] || skip "mounting needs root"
  mkdir disk
  mount -t tmpfs tmpfs disk || skip "this system does not let root mount"
  mounted=$PWD/disk
  mkdir disk/volume
  ln -s disk/volume volume
  with_release 1
  with_release 2
  populate library:1 >/dev/null
  mount -o remount,ro disk
  populate library:1 >/dev/null
  run --separate-stderr -1 populate library:2
  one_line_error "Read-only file system"
  run --separate-stderr -1 cairn lease hold volume -- true
  one_line_error "Read-only file system"
  cairn volume verify volume --quiet
}

@test "a stranger that works on the volume is waited for; one that died long ago is not" {
  with_release 1
  with_release 2
  populate library:1 >/dev/null
  printf '{"boot":"b","host":"node7","namespace":"n","pid":9,"purpose":"populate library:9","start":1}' >volume/.cairn/lock/2
  untouched -1 cairn populate library:2 volume --store store --quiet --wait 0
  one_line_error "process 9 on 'node7'"
  touch -d '1 hour' volume/.cairn/lock/2
  run --separate-stderr -1 populate library:2 --wait 0
  touch -d '10 minutes ago' volume/.cairn/lock/2
  populate library:2 --wait 0 >/dev/null
  [[ $(cat volume/software/Hello/2.0/share/data) == changed ]]
}

@test "pours from a registry: what is missing by ranges, nothing new by one request" {
  with_release 1
  start_registry "$BATS_TEST_TMPDIR/registry"
  image=docker://$registry/team/library
  cairn push library:1 "$image:1" --store store --tls-verify false --quiet >/dev/null
  from() { cairn populate "$image:$1" volume --quiet --tls-verify false "${@:2}"; }
  run --separate-stderr -0 from 1
  diff <(list easybuild) <(list volume)
  requests() { grep -cE '"(GET|HEAD|POST|PUT|PATCH) /v2/' "$BATS_TEST_TMPDIR/registry/log"; }
  before=$(requests)
  run --separate-stderr -0 from 1 --json
  [[ $(json .changed) == false && $(json .fetched_bytes) == 0 ]]
  [[ $(($(requests) - before)) -le 2 ]]  # one of them asks what the registry wants
  with_release 2
  cairn push library:2 "$image:2" --store store --tls-verify false --quiet >/dev/null
  new=$(cairn diff library:1 library:2 --store store --json | jq .fetched_bytes)
  run --separate-stderr -0 from 2 --json
  diff <(list easybuild/modules) <(list volume/modules)
  [[ $(json .changed) == true && $(json .fetched_bytes) -le $new ]]
  # A registry that is not there: one line, and what is there stays.
  stop_registries
  run --separate-stderr -1 from 1
  one_line_error "$registry"
  diff <(list easybuild/modules) <(list volume/modules)
}
