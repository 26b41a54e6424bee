#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0

# bats and support.bash set variables; what is quoted is for another shell or for sed.
# shellcheck disable=SC2154,SC2016
load support

@test "prints the manifest digest alone, and says on stderr what it did" {
  with_tree
  run --separate-stderr -0 cairn split easybuild --tag library:1
  [[ $output =~ ^sha256:[0-9a-f]{64}$ ]]
  [[ $stderr == *"5 units: 5 added, 0 changed, 0 kept, 0 removed"* ]]
  [[ $stderr == *"1 path belongs to no unit"* ]]
}

@test "gives the same digest wherever the tree lies, given a target" {
  with_tree /opt/easybuild
  mkdir other && cp -a easybuild other/place
  run --separate-stderr -0 cairn split easybuild --target /opt/easybuild --tag library:1
  first=$output
  run --separate-stderr -0 cairn split other/place --target /opt/easybuild --tag library:2 --jobs 1
  [[ $output == "$first" ]]
}

@test "keeps what is unchanged" {
  with_tree
  cairn split easybuild --tag library:1 --quiet
  echo more >>easybuild/software/Hello/2.0/share/data
  run --separate-stderr -0 cairn split easybuild --tag library:2 --since library:1 --json
  [[ $(json '.units.changed | join(" ")') == Hello/2.0 ]]
  [[ $(json .units.kept) == 4 ]]
  [[ $(json '.problems | length') == 0 ]]
  [[ $(json .manifest) == "$(cairn images --json | jq -r '.images[] | select(.name == "library:2") | .manifest')" ]]
}

@test "lists every problem in a line and publishes nothing" {
  with_tree
  mkfifo easybuild/software/Hello/1.0/pipe easybuild/software/Greeting/2.0/pipe
  run --separate-stderr -1 cairn split easybuild --tag library:1
  [[ -z $output ]]
  [[ $(grep -c '^cairn: .*/pipe' <<<"$stderr") == 2 ]]
  [[ ${stderr_lines[-1]} == *"nothing was published: 2 problems"* ]]
  run -0 cairn images --names
  [[ -z $output ]]
  run --separate-stderr -1 cairn split easybuild --tag library:1 --json
  [[ $(json '.problems | length') == 2 && $(json .manifest) == null ]]
}

@test "copies the image out for other tools" {
  with_tree
  run --separate-stderr -0 cairn split easybuild --tag library:1 --output oci:layout:x
  digest=$output
  [[ $(jq -r '.manifests[0].digest' layout/index.json) == "$digest" ]]
  run --separate-stderr -0 cairn split easybuild --tag library:1 --output oci-archive:image.tar
  [[ $output == "$digest" ]]
  tar -xOf image.tar index.json | grep -q "$digest"
}

@test "takes codec, level, budget and time from flags, settings and SOURCE_DATE_EPOCH" {
  with_tree
  SOURCE_DATE_EPOCH=86400 cairn split easybuild --tag library:1 --compression gzip --level 1 --layers 3 --quiet
  run -0 cairn inspect library:1 --json
  [[ $(json .created) == 1970-01-02T00:00:00Z ]]
  [[ $(json '.layers | length') -le 3 ]]
  [[ $(json '.layers[0].media_type') == *+gzip ]]
  CAIRN_COMPRESSION=none cairn split easybuild --tag library:2 --quiet
  run -0 cairn inspect library:2 --json
  [[ $(json '.layers[0].media_type') == *.tar ]]
}

@test "reads TREE/library.yaml, and flags say more" {
  with_tree /opt/easybuild
  printf 'target: /opt/easybuild\nlayers: 3\n' >easybuild/library.yaml
  cairn split easybuild --tag library:1 --exclude README --quiet
  run -0 cairn inspect library:1 --json
  [[ $(json .target) == /opt/easybuild && $(json .budget_layers) == 3 ]]
  [[ $(json '.rest | index("README")') == null ]]
  printf 'layers: 3\nlayers: 4\n' >easybuild/library.yaml
  run --separate-stderr -1 cairn split easybuild --tag library:1
  one_line_error "library.yaml:2:1"
}

@test "names what was typed wrong" {
  with_tree
  run --separate-stderr -2 cairn split
  one_line_error "'split' needs TREE and --tag NAME:TAG"
  run --separate-stderr -2 cairn split easybuild
  one_line_error "'split' needs --tag NAME:TAG;"
  run --separate-stderr -2 cairn split easybuild --tagg x
  one_line_error "has no option '--tagg'; did you mean '--tag'?"
  run --separate-stderr -2 cairn split easybuild --tag l:1 --layers 1
  one_line_error "--layers: '1' is no number from 2 to 480"
  run --separate-stderr -2 cairn split easybuild --tag l:1 --compression gzip --level 13
  one_line_error "gzip has levels 1 to 12"
  run --separate-stderr -2 cairn split easybuild --tag l:1 --output docker://host/x
  one_line_error "--output"
  run --separate-stderr -1 cairn split nowhere --tag l:1
  one_line_error "'nowhere': No such file or directory"
  run --separate-stderr -1 cairn split easybuild --tag 'no such tag!'
  one_line_error "'no such tag!'"
}

@test "says without a home what to set" {
  with_tree
  unset HOME
  run --separate-stderr -1 cairn split easybuild --tag l:1
  one_line_error "give --store DIR or set CAIRN_STORE"
}

@test "shows on request where the time went" {
  with_tree
  CAIRN_TIMES=1 run --separate-stderr -0 cairn split easybuild --tag l:1
  [[ $stderr == *"processor time of pack: read"* ]]
}
