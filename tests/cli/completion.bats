#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0

# bats and support.bash set variables; what is quoted is for another shell or for sed.
# shellcheck disable=SC2154,SC2016
load support

# complete_bash WORD…: what bash proposes for the last word.
complete_bash() {
  PATH=$BATS_TEST_TMPDIR/bin:$PATH bash -c '
    source <(cairn completion bash)
    compopt() { :; }
    COMP_LINE="$*" COMP_POINT=${#COMP_LINE}
    _cairn
    printf "%s\n" "${COMPREPLY[@]}"' bash "$@"
}

setup_program() {
  mkdir -p "$BATS_TEST_TMPDIR/bin"
  ln -sf "$CAIRN" "$BATS_TEST_TMPDIR/bin/cairn"
}

@test "completes commands, options, values and images in bash" {
  setup_program
  with_store
  run -0 complete_bash cairn sp
  [[ $output == split ]]
  run -0 complete_bash cairn split --compr
  [[ $output == --compression ]]
  run -0 complete_bash cairn split --compression g
  [[ $output == gzip ]]
  run -0 complete_bash cairn --jobs 3 inspect lib
  [[ $output == library:2026.11 ]]
  run -0 complete_bash cairn inspect library:20
  [[ $output == 2026.11 ]]
  run -0 complete_bash cairn completion f
  [[ $output == fish ]]
  run -0 complete_bash cairn help ga
  [[ -z $output ]]
}

@test "zsh and fish take their scripts" {
  cairn completion zsh >_cairn
  grep -q '^#compdef cairn' _cairn
  cairn completion fish >cairn.fish
  grep -q -- '-a split' cairn.fish
  if command -v zsh >/dev/null; then zsh -n _cairn; fi
  if command -v fish >/dev/null; then fish -n cairn.fish; fi
}

@test "knows no other shell" {
  run --separate-stderr -2 cairn completion tcsh
  one_line_error "'tcsh' is none of bash, zsh, fish"
}
