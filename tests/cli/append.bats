#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0

# bats and support.bash set variables; what is quoted is for another shell or for sed.
# shellcheck disable=SC2154,SC2016
load support

@test "puts a directory on top, at a path" {
  with_store
  mkdir -p site/bin
  echo hello >site/bin/hello
  chmod 700 site/bin/hello
  run --separate-stderr -0 cairn append library:2026.11 site --target /opt/site --tag library:site
  first=$output
  run -0 cairn validate library:site
  cairn unpack library:site root --quiet
  [[ $(<root/opt/site/bin/hello) == hello && $(stat -c %a root/opt/site/bin/hello) == 700 ]]
  [[ -e root/opt/easybuild/software/Hello/1.0/bin/hello ]]
  # Times do not count, and it is still a library.
  touch -d @1 site/bin/hello
  run --separate-stderr -0 cairn append library:2026.11 site --target /opt/site --tag library:site
  [[ $output == "$first" ]]
  [[ $(cairn modules library:site) == "$(cairn modules library:2026.11)" ]]
}

@test "takes archives as they are" {
  with_store
  mkdir -p a b
  echo a >a/a
  echo b >b/b
  tar -C a -cf a.tar a
  tar -C b -czf b.tar.gz b
  run --separate-stderr -0 cairn append library:2026.11 a.tar b.tar.gz --tag library:more
  run -0 cairn inspect library:more --json
  [[ $(json '.layers[-1].digest') == "sha256:$(sha256sum b.tar.gz | cut -d ' ' -f 1)" ]]
  [[ $(json '.layers[-2].diff_id') == "sha256:$(sha256sum a.tar | cut -d ' ' -f 1)" ]]
  run -0 cairn validate library:more
}

@test "refuses what is no layer" {
  with_store
  echo text >text.tar
  run --separate-stderr -1 cairn append library:2026.11 text.tar --tag library:x
  one_line_error "text.tar"
  run --separate-stderr -1 cairn append library:2026.11 none --tag library:x
  one_line_error "none': No such file"
  mkdir d
  mkfifo d/pipe
  run --separate-stderr -1 cairn append library:2026.11 d --tag library:x
  one_line_error "d/pipe': is no file, directory or symbolic link"
  mkdir empty
  run --separate-stderr -1 cairn append library:2026.11 empty --target relative --tag library:x
  one_line_error "target 'relative': is not an absolute path"
  run --separate-stderr -1 cairn tag library:x library:y
}

@test "makes no image of more layers than runtimes take" {
  with_store
  mkdir d
  echo x >d/x
  mapfile -t many < <(yes d | head -n 130)
  run --separate-stderr -1 cairn append library:2026.11 "${many[@]}" --tag library:x
  one_line_error "layers: runtimes take at most 120; cairn flatten"
}
