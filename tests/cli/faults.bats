#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# What goes wrong outside leaves the store as it was: killed and interrupted runs, full and read-only disks, stores that are
# damaged or of the future, trees that cannot be read or do not hold still.

# bats and support.bash set variables, and each test is a subshell.
# shellcheck disable=SC2030,SC2031,SC2154
load support

setup_file() {
  clean_environment
  # A store with library:1, and a tree that takes a while to pack.
  "$checkout/tests/support/trees/small-tree" "$BATS_FILE_TMPDIR/small" /opt/easybuild
  cairn split "$BATS_FILE_TMPDIR/small" --target /opt/easybuild --tag library:1 --store "$BATS_FILE_TMPDIR/store" --quiet >"$BATS_FILE_TMPDIR/digest"
  cp -a "$BATS_FILE_TMPDIR/small" "$BATS_FILE_TMPDIR/large"
  for unit in a b c d; do
    mkdir -p "$BATS_FILE_TMPDIR/large/software/$unit/1/easybuild"
    openssl enc -aes-128-ctr -nosalt -pass "pass:$unit" -pbkdf2 -in /dev/zero 2>/dev/null | head -c 15000000 \
      >"$BATS_FILE_TMPDIR/large/software/$unit/1/noise"
  done
}

teardown() {
  if [[ -n ${writer-} ]]; then kill "$writer" 2>/dev/null || true; fi
  if [[ -n ${mounted-} ]]; then umount "$mounted"; fi
}

with_store() { cp -a "$BATS_FILE_TMPDIR/store" store; }
with_tree() { cp -a "$BATS_FILE_TMPDIR/small" tree; }
split() { cairn split "$1" --target /opt/easybuild --tag "$2" --store store "${@:3}"; }

# mount_tmpfs OPTIONS: an empty file system at ./disk, unmounted at the end.
mount_tmpfs() {
  [[ $(id -u) == 0 ]] || skip "mounting needs root"
  mkdir disk
  mount -t tmpfs -o "$1" tmpfs disk || skip "this system does not let root mount"
  mounted=$PWD/disk
}

# as_nobody COMMAND…: without root's rights.
as_nobody() {
  if [[ $(id -u) == 0 ]]; then setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; else "$@"; fi
}

# Everything in a directory: names, kinds, modes and contents.
fingerprint() { (cd "$1" && find . -path ./cairn/cache -prune -o -printf '%p %y %m %l\n' -type f -exec sha256sum {} + | sort); }

# untouched DIR COMMAND…: fails with exit code 1 and one line, and leaves DIR as it was.
untouched() {
  fingerprint "$1" >before
  run --separate-stderr -1 "${@:2}"
  fingerprint "$1" >after
  diff before after
  [[ -z $output ]]
}

published() { jq -r '.manifests[].annotations["org.opencontainers.image.ref.name"]' store/index.json | sort | tr '\n' ' '; }

@test "SIGKILL at any moment leaves a clean store, and a rerun finishes" {
  expected=$(cairn split "$BATS_FILE_TMPDIR/large" --target /opt/easybuild --tag library:2 --store elsewhere --quiet)
  with_store
  begin=$(date +%s%N)
  cairn split "$BATS_FILE_TMPDIR/large" --target /opt/easybuild --tag library:2 --store timed --quiet >/dev/null
  took_ms=$((($(date +%s%N) - begin) / 1000000))
  RANDOM=1
  killed=0
  for _ in {1..20}; do
    split "$BATS_FILE_TMPDIR/large" library:2 --quiet >/dev/null 3>&- &
    sleep "$(printf '%d.%03d' $((RANDOM % took_ms / 1000)) $((RANDOM % took_ms % 1000)))"
    if kill -KILL $! 2>/dev/null; then killed=$((killed + 1)); fi
    wait $! || true
    cairn validate --all --store store --quiet
    [[ $(cairn inspect library:1 --store store --json | jq -r .manifest) == "$(<"$BATS_FILE_TMPDIR/digest")" ]]
    [[ $(cairn images --names --store store) == $'library:1' ]] || cairn untag library:2 --store store --quiet
  done
  echo "# $killed of 20 runs were killed" >&3
  [[ $killed -gt 5 ]]
  [[ $(split "$BATS_FILE_TMPDIR/large" library:2 --quiet) == "$expected" ]]
  cairn validate --all --store store --quiet
  cairn gc --grace 0 --store store --quiet
  [[ -z $(find store -name '.tmp*' -o -path '*/cairn/tmp/*') ]]
  # Nothing is left of the killed runs: the same blobs as in a store that saw none, and library:1's.
  cairn gc --grace 0 --store elsewhere --quiet
  blobs() { find "$@" -path '*/sha256/*' -printf '%f\n' | sort -u; }
  diff <(blobs elsewhere "$BATS_FILE_TMPDIR/store") <(blobs store)
}

@test "Ctrl-C ends a run quickly with exit code 130 and leaves nothing half-written" {
  with_store
  with_tree
  truncate -s 200G tree/software/Hello/1.0/sparse
  fingerprint store >before
  # A shell starts its background jobs deaf to SIGINT.
  env --default-signal=INT "$CAIRN" split tree --target /opt/easybuild --tag library:2 --store store >out 2>err 3>&- &
  # Once something is written, packing has begun.
  until [[ -n $(find store/cairn/tmp -type f -size +0 2>/dev/null) ]]; do sleep 0.02; done
  begin=$(date +%s%N)
  kill -INT $!
  code=0
  wait $! || code=$?
  took_ms=$((($(date +%s%N) - begin) / 1000000))
  [[ $code == 130 ]]
  [[ $took_ms -lt 5000 ]]
  [[ ! -s out ]]
  grep -q '^cairn: interrupted$' err
  fingerprint store | grep -v ' d ' >after
  diff <(grep -v ' d ' before) after
}

@test "a full disk gives one line and leaves earlier libraries usable" {
  mount_tmpfs size=12m
  cp -a "$BATS_FILE_TMPDIR/store" disk/store
  ln -s disk/store store
  run --separate-stderr -1 split "$BATS_FILE_TMPDIR/large" library:2 --quiet
  [[ -z $output ]]
  one_line_error "No space left on device"
  [[ $(published) == "library:1 " ]]
  cairn validate --all --store store --quiet
  [[ -z $(find disk/store -name '.tmp*') ]]
  mount -o remount,size=200m disk
  split "$BATS_FILE_TMPDIR/large" library:2 --quiet >/dev/null
  cairn validate --all --store store --quiet
}

@test "a full disk is no matter when nothing is new" {
  mount_tmpfs size=12m
  cp -a "$BATS_FILE_TMPDIR/store" disk/store
  ln -s disk/store store
  head -c 20000000 /dev/zero >disk/filler || true
  # index.json itself needs a few bytes, so that this may fail, but not half.
  split "$BATS_FILE_TMPDIR/small" library:1 --quiet >/dev/null 2>err || [[ $(wc -l <err) == 1 ]]
  cairn validate --all --store store --quiet
  [[ $(published) == "library:1 " ]]
}

@test "a read-only disk is said to be so" {
  mount_tmpfs size=12m
  cp -a "$BATS_FILE_TMPDIR/store" disk/store
  mount -o remount,ro disk
  untouched disk/store cairn split "$BATS_FILE_TMPDIR/small" --target /opt/easybuild --tag library:2 --store disk/store --quiet
  one_line_error "the file system is read-only"
  cairn validate --all --store disk/store --quiet
  cairn images --store disk/store >/dev/null
}

@test "a store that this user may not write is said to be so" {
  place=$(mktemp -d)
  chmod 755 "$place"
  cp -a "$BATS_FILE_TMPDIR/store" "$BATS_FILE_TMPDIR/small" "$place"
  [[ $(id -u) == 0 ]] || chmod -R a-w "$place/store"
  cp "$CAIRN" "$place/program"
  export HOME=$place
  untouched "$place/store" as_nobody "$place/program" split "$place/small" --target /opt/easybuild --tag library:2 --store "$place/store" --quiet
  one_line_error "cannot be written"
  as_nobody "$place/program" validate --all --store "$place/store" --quiet
  chmod -R u+w "$place" && rm -rf "$place"
}

@test "a damaged index.json is said to be so, and the store is left alone" {
  for text in '' '{' '[]' 'null' '{"schemaVersion":1}' '{"schemaVersion":2,"manifests":{}}' '{"schemaVersion":2,"manifests":[{"digest":"sha256:12"}]}'; do
    rm -rf store && with_store
    printf '%s' "$text" >store/index.json
    untouched store cairn split "$BATS_FILE_TMPDIR/small" --target /opt/easybuild --tag library:2 --store store --quiet
    one_line_error "index.json"
  done
}

@test "a store of a newer cairn is refused and left alone" {
  with_store
  printf 'cairn store 99\n' >store/cairn/format
  untouched store cairn split "$BATS_FILE_TMPDIR/small" --target /opt/easybuild --tag library:2 --store store --quiet
  one_line_error "99"
}

@test "a newer or damaged oci-layout is refused and left alone" {
  with_store
  for text in '{"imageLayoutVersion":"2.0.0"}' '{"imageLayoutVersion":1}' '{}' 'x' ''; do
    printf '%s' "$text" >store/oci-layout
    untouched store cairn split "$BATS_FILE_TMPDIR/small" --target /opt/easybuild --tag library:2 --store store --quiet
    one_line_error "oci-layout"
  done
}

@test "a directory that is no store is left alone" {
  mkdir store
  echo precious >store/file
  untouched store cairn split "$BATS_FILE_TMPDIR/small" --target /opt/easybuild --tag library:2 --store store --quiet
  one_line_error "store"
}

@test "a damaged layer of the previous release is found by validate, not by split" {
  with_store
  cp -a "$BATS_FILE_TMPDIR/small" tree
  manifest=$(jq -r '.manifests[0].digest' store/index.json)
  layer=$(jq -r '.layers[0].digest' <"store/blobs/sha256/${manifest#sha256:}")
  printf 'x' | dd of="store/blobs/sha256/${layer#sha256:}" bs=1 seek=20 conv=notrunc status=none
  run -3 cairn validate --all --store store
  [[ $output == *"${layer#sha256:}"* ]]
}

@test "a tree that does not hold still is read three times, then named" {
  with_store
  with_tree
  # Large enough that it cannot be read between two writes.
  truncate -s 2G tree/software/Hello/2.0/growing
  while [[ ! -e stop ]]; do printf x >>tree/software/Hello/2.0/growing; done >/dev/null 2>&1 3>&- &
  writer=$!
  run --separate-stderr -1 split tree library:2 --quiet
  touch stop
  wait "$writer"
  unset writer
  [[ -z $output ]]
  [[ ${stderr_lines[0]} == *"unit Hello/2.0"*"software/Hello/2.0/growing"*"changed while it was read (read 3 times)"* ]]
  [[ ${stderr_lines[1]} == *"nothing was published: 1 problem is in the way"* ]]
  [[ ${#stderr_lines[@]} == 2 ]]
  [[ $(published) == "library:1 " ]]
  # At rest it can be split.
  truncate -s 1M tree/software/Hello/2.0/growing
  split tree library:2 --quiet
  cairn validate --all --store store --quiet
}

@test "everything that cannot be shipped is listed in one run, a line each" {
  with_store
  with_tree
  unit=tree/software/Hello/1.0
  mkfifo "$unit/fifo"
  python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$unit/socket"
  touch "$unit"/$'bad\xff'
  ln -s $'bad\xff' "$unit/bad-link"
  expected=5
  if mknod "$unit/device" c 1 3; then expected=6; fi
  # 20 directories of 200 bytes and a name that makes the path one byte too long.
  python3 - "$unit" <<'END'
import os, sys
os.chdir(sys.argv[1])
length = len("/opt/easybuild/software/Hello/1.0") - 1
while length + 201 <= 4096:
    os.mkdir("d" * 200)
    os.chdir("d" * 200)
    length += 201
open("f" * (4096 - length), "w").close()
END
  printf 'while true do end\n' >tree/modules/all/Hello/3.0.lua
  printf 'error("on purpose")\n' >tree/modules/all/Hello/4.0.lua
  printf 'this is ( no Lua\n' >tree/modules/all/Hello/5.0.lua
  printf '#%%Module\nwhile {1} {}\n' >tree/modules/all/Hello/6.0
  printf '#%%Module\nerror {on purpose}\n' >tree/modules/all/Hello/7.0
  expected=$((expected + 5))
  fingerprint store | grep -v ' d ' >before
  run --separate-stderr -1 split tree library:2 --quiet
  [[ -z $output ]]
  printf '%s\n' "${stderr_lines[@]}" >lines
  for what in /fifo /socket 'bad\xff' /bad-link "4097 bytes, the limit is 4096" modules/all/Hello/{3.0.lua,4.0.lua,5.0.lua,6.0,7.0}; do
    [[ $(grep -cF -- "$what" lines) -ge 1 ]] || { echo "no line for $what"; cat lines; false; }
  done
  [[ ${#stderr_lines[@]} == $((expected + 1)) ]] || { cat lines; false; }
  [[ ${stderr_lines[-1]} == "cairn: nothing was published: $expected problems are in the way" ]]
  [[ $(published) == "library:1 " ]]
  cairn validate --all --store store --quiet
}

@test "what this user may not read is listed with the rest" {
  place=$(mktemp -d)
  chmod 777 "$place"
  cp -a "$BATS_FILE_TMPDIR/small" "$place/tree"
  cp "$CAIRN" "$place/program"
  export HOME=$place
  chmod 600 "$place/tree/software/Hello/1.0/share/data"
  chmod 700 "$place/tree/software/Greeting/2.0/share" "$place/tree/software/Secret/.1.0"
  chmod 600 "$place/tree/modules/all/Hello/2.0.lua"
  [[ $(id -u) == 0 ]] || chmod -R u-r "$place"/tree/software/Hello/1.0/share/data
  run --separate-stderr -1 as_nobody "$place/program" split "$place/tree" --target /opt/easybuild --tag library:1 --store "$place/store" --quiet
  rm -rf "$place"
  [[ -z $output ]]
  for what in software/Hello/1.0/share/data software/Greeting/2.0/share software/Secret/.1.0 modules/all/Hello/2.0.lua; do
    [[ $stderr == *"'$what': "*"ermission denied"* ]] || { echo "no line for $what in: $stderr"; false; }
  done
  [[ ${stderr_lines[-1]} == *"nothing was published"* ]]
}

@test "files of two file systems with one number are two files" {
  with_store
  with_tree
  mount_tmpfs size=2m
  # A second one inside a unit: both number their files from the start.
  mkdir "tree/software/Hello/1.0/a" "tree/software/Hello/1.0/b"
  mount -t tmpfs -o size=1m tmpfs tree/software/Hello/1.0/a
  mount -t tmpfs -o size=1m tmpfs tree/software/Hello/1.0/b
  for disk in a b; do
    echo "content of $disk" >"tree/software/Hello/1.0/$disk/file"
    ln "tree/software/Hello/1.0/$disk/file" "tree/software/Hello/1.0/$disk/link"
  done
  code=0
  split tree library:2 --quiet >/dev/null || code=$?
  umount tree/software/Hello/1.0/a tree/software/Hello/1.0/b
  [[ $code == 0 ]]
  cairn unpack library:2 root --store store --quiet >/dev/null
  for disk in a b; do
    for name in file link; do [[ $(<"root/opt/easybuild/software/Hello/1.0/$disk/$name") == "content of $disk" ]]; done
  done
}
