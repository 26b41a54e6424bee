#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# Releases after the first: what they read, what they start from, what they refuse.

# bats and support.bash set variables; what is quoted is for another shell or for sed.
# shellcheck disable=SC2154,SC2016
load support

store() { printf '%s' "$HOME/.local/share/cairn/store"; }
blob() { printf '%s/blobs/sha256/%s' "$(store)" "${1#sha256:}"; }

# old: let all that the tree has be older than what counts as just changed. Times of change cannot be set.
old() { sleep 2.1; }

@test "nothing changed: the same digest, and no file of a unit is opened" {
  with_tree
  cairn split easybuild --tag library:1 --quiet >first
  old
  cairn split easybuild --tag library:1 --quiet >second
  ASAN_OPTIONS=detect_leaks=0 strace -f -o calls -e trace=openat,openat2,open "$CAIRN" split easybuild --tag library:1 --quiet >third
  diff first second && diff first third
  grep -v O_DIRECTORY calls >files
  run -1 grep -E '"(.*/)?(data|hello|greeting|secret|[0-9.]+\.lua)"' files
}

@test "a unit that changed keeps the others as they are, and what is remembered of them" {
  with_tree
  cairn split easybuild --tag library:1 --quiet >/dev/null
  old
  cairn split easybuild --tag library:1 --quiet >/dev/null
  echo 'whatis("Keywords: new")' >>easybuild/modules/all/Hello/2.0.lua
  ASAN_OPTIONS=detect_leaks=0 strace -f -o calls -e trace=openat,openat2,open "$CAIRN" split easybuild --tag library:1 --quiet >again
  grep -q '2.0.lua"' calls
  run -1 grep '"1.0.lua"\|/1.0.lua"' calls
  cairn split easybuild --tag library:fresh --store elsewhere --quiet >/dev/null
  cairn unpack library:1 image --quiet
  cairn unpack library:fresh fresh --store elsewhere --quiet
  diff -r --no-dereference -x library.json image fresh
}

@test "damaged records are made again, with a warning, and change nothing" {
  with_tree
  cairn split easybuild --tag library:1 --quiet >first
  for record in "$(store)"/cairn/cache/*/*; do
    [[ -f $record ]]
    cp "$record" good
    size=$(stat -c %s "$record")
    for at in 0 20 $((size / 2)) $((size - 1)); do
      printf '\x01' | dd of="$record" bs=1 seek="$at" conv=notrunc status=none
      run --separate-stderr -0 cairn split easybuild --tag library:1
      [[ $output == "$(<first)" ]]
      # A first line that names another format or build is none of ours to mend.
      [[ $at == 20 || $stderr == *"is damaged and made again"* || $at == 0 ]]
      cmp -s "$record" good || cairn split easybuild --tag library:1 --quiet >/dev/null
      cp good "$record"
    done
    truncate -s "$((size / 2))" "$record"
    run --separate-stderr -0 cairn split easybuild --tag library:1
    [[ $output == "$(<first)" && $stderr == *"is damaged and made again"* ]]
  done
}

@test "a change just after the last split is seen, even with the same size and times" {
  with_tree
  file=easybuild/software/Hello/1.0/share/data
  cairn split easybuild --tag library:1 --quiet >/dev/null
  for letter in a b c d; do
    touch -r "$file" before
    printf '%s' "$letter" | dd of="$file" conv=notrunc status=none
    touch -r before "$file"
    cairn split easybuild --tag library:1 --quiet >/dev/null
    cairn unpack library:1 "image-$letter" --quiet
    cmp "$file" "image-$letter$PWD/$file"
  done
}

@test "a restored backup and a copied tree are read, not believed" {
  with_tree /opt/easybuild
  file=software/Hello/1.0/share/data
  cp -a easybuild backup
  cairn split easybuild --tag library:1 --quiet >first
  old
  cairn split easybuild --tag library:1 --quiet >/dev/null
  printf X | dd of=easybuild/$file conv=notrunc status=none
  cairn split easybuild --tag library:1 --quiet >changed
  run -1 cmp -s first changed
  cp -a backup/$file easybuild/$file  # the old time, the old size
  cairn split easybuild --tag library:new --quiet >/dev/null
  cairn unpack library:new image --quiet
  cmp backup/$file image/opt/easybuild/$file
  # Another tree in its place.
  rm -r easybuild
  cp -a backup easybuild
  printf Y | dd of=easybuild/$file conv=notrunc status=none
  touch -r backup/$file easybuild/$file
  cairn split easybuild --tag library:new --quiet >/dev/null
  cairn unpack library:new copy --quiet
  cmp easybuild/$file copy/opt/easybuild/$file
}

@test "--full says when a fingerprint lied" {
  with_tree
  cairn split easybuild --tag library:1 --quiet >/dev/null
  old
  cairn split easybuild --tag library:1 --quiet >/dev/null
  run --separate-stderr -0 cairn split easybuild --tag library:1 --full
  [[ $stderr != *"did not"* ]]
  # What a broken file system would do: the record has the fingerprint of now with the content of another time.
  record=$(echo "$(store)"/cairn/cache/fingerprints/*)
  python3 - "$record" <<'END'
import hashlib, sys
head, body = open(sys.argv[1], 'rb').read().split(b'\n', 1)
records = body.split(b'\0')[:-1]
for i, record in enumerate(records):
    mark, plain, rest = record.split(b' ', 2)
    if rest.endswith(b' Hello/1.0'): records[i] = b' '.join([mark, plain[:-1] + (b'0' if plain[-1:] != b'0' else b'1'), rest])
body = b''.join(record + b'\0' for record in records)
open(sys.argv[1], 'wb').write(b'cairn fingerprints 2 sha256:' + hashlib.sha256(body).hexdigest().encode() + b'\n' + body)
END
  run --separate-stderr -0 cairn split easybuild --tag library:1 --full
  [[ $stderr == *"unit 'Hello/1.0': its content changed and its sizes, times and inodes did not"* ]]
  run --separate-stderr -0 cairn split easybuild --tag library:1 --full
  [[ $stderr != *"did not"* ]]
}

# previous: library:1 elsewhere, in the layout ./previous, whose layers of units are gone.
previous() {
  with_tree /opt/easybuild
  cairn split easybuild --tag library:1 --store made --quiet --output oci:previous:library:1 >/dev/null
  for layer in $(cairn inspect library:1 --store made --json | jq -r '.layers[] | select(.kind == "units").digest'); do
    rm "previous/blobs/sha256/${layer#sha256:}"
  done
  echo more >>easybuild/software/Hello/1.0/share/data
}

@test "--since needs the index layer of the last release and no other" {
  previous
  run --separate-stderr -0 cairn split easybuild --tag library:2 --since oci:previous:library:1 --json
  [[ $(json '.units.changed | join(" ")') == Hello/1.0 && $(json .layers.new) == 2 && $(json .layers.kept) == 4 ]]
  [[ $(json .layers.absent) == 4 && $stderr == *"4 kept layers"*"only referred to"* ]]
  from_layout=$(json .manifest)
  # The image says honestly what is not there.
  run --separate-stderr -3 cairn validate library:2
  [[ $output$stderr == *"not in the store"* ]]
  # The plan from the index layer alone is that from the full store.
  run --separate-stderr -0 cairn split easybuild --tag library:2 --since oci:made:library:1 --store other --json
  [[ $(json .manifest) == "$from_layout" && $(json .layers.absent) == 0 ]]
  cairn validate library:2 --store other --quiet
}

@test "--since reads an archive" {
  with_tree /opt/easybuild
  cairn split easybuild --tag library:1 --store made --quiet --output oci-archive:previous.tar:library:1 >/dev/null
  echo more >>easybuild/software/Hello/1.0/share/data
  run --separate-stderr -0 cairn split easybuild --tag library:2 --since oci-archive:previous.tar --json
  [[ $(json .layers.kept) == 4 && $(json .layers.absent) == 0 ]]
  cairn validate library:2 --quiet
}

@test "another level of compression ships nothing again" {
  with_tree
  cairn split easybuild --tag library:1 --level 1 --quiet >/dev/null
  run --separate-stderr -0 cairn split easybuild --tag library:2 --since library:1 --level 19 --json
  [[ $(json .units.kept) == 5 && $(json .layers.new) -le 1 ]]
}

@test "--since refuses a release that it cannot use, and says why" {
  with_tree
  cairn split easybuild --tag library:1 --quiet --compression none >/dev/null
  index=$(cairn inspect library:1 --json | jq -r '.layers[] | select(.kind == "index").digest')
  manifest=$(cairn inspect library:1 --json | jq -r .manifest)

  # Not made by cairn.
  umoci init --layout plain
  umoci new --image plain:x
  run --separate-stderr -1 cairn split easybuild --tag library:2 --since oci:plain:x
  one_line_error "not a library"

  # Its index layer is not there.
  cp -r "$(store)" gone
  rm "gone/blobs/sha256/${index#sha256:}"
  run --separate-stderr -1 cairn split easybuild --tag library:2 --since oci:gone:library:1
  one_line_error "--since 'oci:gone:library:1': "
  [[ $stderr == *": its index layer: "*"not in the store"* ]]

  # Of a newer format; of other layers than the manifest has. The tar has sizes and sums: same length, new sums.
  for change in newer other; do
    cp -r "$(store)" "$change"
    python3 - "$change" "$manifest" "$index" <<'END'
import hashlib, io, json, os, re, sys, tarfile
layout, manifest, index = sys.argv[1], sys.argv[2][7:], sys.argv[3][7:]
path = lambda digest: f'{layout}/blobs/sha256/{digest}'
def put(data):
    digest = hashlib.sha256(data).hexdigest()
    open(path(digest), 'wb').write(data)
    return digest
out = io.BytesIO()
with tarfile.open(path(index)) as old, tarfile.open(fileobj=out, mode='w', format=tarfile.PAX_FORMAT) as new:
    for entry in old:
        data = old.extractfile(entry).read() if entry.isfile() else b''
        if entry.name.endswith('.cairn/library.json'):
            document = json.loads(data)
            if layout == 'newer': document['format'] = 99
            else: document['layers'][0]['digest'] = 'sha256:' + '1' * 64
            data = json.dumps(document).encode()
            entry.size = len(data)
        new.addfile(entry, io.BytesIO(data))
blob = out.getvalue()
document = json.load(open(path(manifest)))
config = json.load(open(path(document['config']['digest'][7:])))
config['rootfs']['diff_ids'][-1] = 'sha256:' + hashlib.sha256(blob).hexdigest()
config = json.dumps(config).encode()
document['config'] |= {'digest': 'sha256:' + put(config), 'size': len(config)}
document['layers'][-1] |= {'digest': 'sha256:' + put(blob), 'size': len(blob)}
data = json.dumps(document).encode()
digest = put(data)
top = json.load(open(f'{layout}/index.json'))
for entry in top['manifests']: entry |= {'digest': 'sha256:' + digest, 'size': len(data)}
json.dump(top, open(f'{layout}/index.json', 'w'))
END
  done
  run --separate-stderr -1 cairn split easybuild --tag library:2 --since oci:newer:library:1
  one_line_error "format"
  run --separate-stderr -1 cairn split easybuild --tag library:2 --since oci:other:library:1
  one_line_error "disagrees with the manifest"

  # For another place; not there at all.
  run --separate-stderr -1 cairn split easybuild --target /elsewhere --tag library:2 --since library:1
  [[ $stderr == *"cairn: --since library:1: that library is for "* ]]
  run --separate-stderr -1 cairn split easybuild --tag library:2 --since library:7
  one_line_error "--since 'library:7': "
  run -0 cairn images --names
  [[ $output == library:1 ]]
}

@test "--dead 0 leaves no old bytes, --purge none of one unit" {
  with_tree
  cairn split easybuild --tag library:1 --layers 2 --quiet >/dev/null
  echo more >>easybuild/software/Secret/.1.0/share/data
  cairn split easybuild --tag library:2 --since library:1 --layers 3 --dead 100 --quiet >/dev/null
  dead() { cairn inspect "$1" --json | jq '[.layers[].dead_bytes] | add'; }
  [[ $(dead library:2) -gt 0 ]]
  run --separate-stderr -0 cairn split easybuild --tag library:3 --since library:2 --layers 3 --dead 100 --purge Secret/.1.0 --json
  [[ $(dead library:3) == 0 && $(cairn inspect library:3 --json | jq '[.layers[].reason] | index("purge")') != null ]]
  cairn split easybuild --tag library:4 --since library:2 --layers 3 --dead 0 --quiet >/dev/null
  [[ $(dead library:4) == 0 ]]
  run --separate-stderr -1 cairn split easybuild --tag library:5 --since library:2 --purge Nothing/1
  one_line_error "--purge 'Nothing/1': "
}
