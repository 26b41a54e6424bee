# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154
#
# For every test of a command: `load support`. $CAIRN is the program. Each test begins in an empty directory, in a home of
# its own, with no settings from outside.

bats_require_minimum_version 1.5.0

checkout=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
# shellcheck source=tests/support/base_image.bash
. "$checkout/tests/support/base_image.bash"

# Where what is fetched is kept from one run to the next: the caller's own, read before tests have a home of theirs.
# shellcheck disable=SC2034  # for the tests
lasting_cache=${CAIRN_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/cairn}

cairn() { "${CAIRN:?set CAIRN to the path of the program}" "$@"; }

clean_environment() {
  local name
  while IFS= read -r name; do unset "$name"; done < <(compgen -e | grep -E '^(CAIRN_|XDG_)' || true)
  unset SOURCE_DATE_EPOCH REGISTRY_AUTH_FILE DOCKER_CONFIG CONTAINERS_REGISTRIES_CONF
  unset http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY
}

setup_file() {
  clean_environment
  # The tree `easybuild` and a store with library:2026.11 made from it, copied into each test that asks for them.
  "$checkout/tests/support/trees/small-tree" "$BATS_FILE_TMPDIR/easybuild" /opt/easybuild
  cairn split "$BATS_FILE_TMPDIR/easybuild" --target /opt/easybuild --tag library:2026.11 --store "$BATS_FILE_TMPDIR/store" --quiet \
    >"$BATS_FILE_TMPDIR/digest"
}

# in_empty_place: an empty directory, and a home with nothing in it.
in_empty_place() {
  clean_environment
  export HOME=$BATS_TEST_TMPDIR/home
  mkdir -p "$HOME/.local/share/cairn" "$BATS_TEST_TMPDIR/here"
  cd "$BATS_TEST_TMPDIR/here" || return
}

setup() { in_empty_place; }

# with_tree [TARGET]: the tree ./easybuild, installed for TARGET or for where it is.
with_tree() { "$checkout/tests/support/trees/small-tree" easybuild "$@"; }

# with_store: library:2026.11 in the default store; its digest in $digest.
with_store() {
  cp -a "$BATS_FILE_TMPDIR/store" "$HOME/.local/share/cairn/store"
  digest=$(<"$BATS_FILE_TMPDIR/digest")
  export digest
}

# json FILTER: a value of $output.
json() { jq -r "$1" <<<"$output"; }

# one_line_error TEXT: stderr is one line, `cairn: …`, that holds TEXT.
one_line_error() {
  [[ ${#stderr_lines[@]} == 1 && ${stderr_lines[0]} == "cairn: "* && ${stderr_lines[0]} == *"$1"* ]] || {
    printf 'stderr is:\n%s\n' "$stderr"
    return 1
  }
}

# yaml EXPRESSION FILE: what a Python expression over the document `d` gives, a list as lines.
yaml() {
  "$(HOME=$(getent passwd "$(id -u)" | cut -d: -f6) "$checkout/tests/support/manifest/environment")/bin/python" -c \
    'import sys, yaml; d = yaml.safe_load(open(sys.argv[2])); v = eval(sys.argv[1]); print(v if isinstance(v, str) else "\n".join(v))' "$1" "$2"
}
