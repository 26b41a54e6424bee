#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0

# bats and support.bash set variables; what is quoted is for another shell or for sed.
# shellcheck disable=SC2154,SC2016
load support

# Every example of every page in docs/commands runs as it stands: in a directory with the module tree `easybuild`, with
# library:2026.11 made from it in the store and poured into `volume`.

@test "every example in docs/commands runs" {
  mkdir -p "$BATS_TEST_TMPDIR/bin"
  ln -s "$CAIRN" "$BATS_TEST_TMPDIR/bin/cairn"
  export PATH=$BATS_TEST_TMPDIR/bin:$PATH
  count=0
  for page in "$checkout"/docs/commands/*.md; do
    rm -rf ./* "$HOME/.local/share/cairn/store"
    with_tree
    cairn split easybuild --tag library:2026.11 --quiet >/dev/null
    [[ ${page##*/} == populate.md ]] || cairn populate library:2026.11 volume --quiet >/dev/null
    while IFS= read -r example; do
      printf '%s: %s\n' "${page##*/}" "$example"
      bash -euo pipefail -c "$example"
      count=$((count + 1))
    done < <(sed -n '/^```sh$/,/^```$/{/^```/!p}' "$page")
  done
  [[ $count -gt 20 ]]
}
