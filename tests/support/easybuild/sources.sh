# shellcheck shell=bash disable=SC2154  # what ./tree and its other parts set
# SPDX-License-Identifier: Apache-2.0
#
# Sourced by ./tree: what the easyconfigs are built from. Upstream tarballs come from Debian's source packages (through
# the machine's own apt sources), wheels from the machine's own Python index; both are kept in the cache.

sources=$cache/sources
large_wheels=$cache/large-wheels

# fetched MARKER INPUT COMMAND…: run COMMAND unless it was already done for the same content of INPUT.
fetched() {
  local marker=$1 input=$2 sum
  shift 2
  sum=$(sha256sum <"$input")
  [[ -e $marker && $(<"$marker") == "$sum" ]] && return
  "$@"
  printf '%s\n' "$sum" >"$marker"
}

need_sources() {
  mkdir -p "$sources"
  fetched "$sources/.debian" "$here/debian-sources.tsv" step debian-sources fetch_debian_sources
  fetched "$sources/.python" "$here/python-sources.tsv" step python-sources fetch_python_sources
}

need_large_wheels() {
  mkdir -p "$large_wheels"
  fetched "$large_wheels/.complete" "$here/large-wheels.txt" step large-wheels fetch_large_wheels
}

# The directory in which EasyBuild looks for the sources of NAME.
source_directory() {
  local first=${1:0:1}
  mkdir -p "$sources/${first,,}/$1"
  printf '%s\n' "$sources/${first,,}/$1"
}

# Rows of a table, without comments.
rows() { grep -v '^#' "$1"; }

# With an apt configuration and state of our own: the machine's is left as it is, and no root is needed.
fetch_debian_sources() {
  local apt=$cache/apt download=$cache/debian-download package file name wanted
  rm -rf "$download" && mkdir -p "$download" "$apt"/{lists,cache/archives}/partial
  "$checkout/tools/apt-sources" bookworm trixie >"$apt/binary" || return
  sed 's/^deb /deb-src /' "$apt/binary" >"$apt/sources.list"
  local options=(
    -q -o Dir::Etc::sourcelist="$apt/sources.list" -o Dir::Etc::sourceparts=/dev/null
    -o Dir::State::lists="$apt/lists" -o Dir::Cache="$apt/cache" -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache=
    -o APT::Sandbox::User="$(id -un)"
  )
  local packages
  mapfile -t packages < <(rows "$here/debian-sources.tsv" | cut -f 1)
  apt-get "${options[@]}" update || return
  # A source package may have parts that we do not want and the mirror lacks: apt fetches all the others and fails. Only
  # what we want must be there; the easyconfigs' checksums say whether it is whole.
  (cd "$download" && apt-get "${options[@]}" source --download-only --tar-only "${packages[@]}") || true
  while IFS=$'\t' read -r package file name wanted; do
    [[ -e $download/$file ]] || { echo "$file is not to be had from $package"; return 1; }
    ln -f "$download/$file" "$(source_directory "$name")/$wanted" || return
  done < <(rows "$here/debian-sources.tsv")
  rm -rf "$download"
}

fetch_python_sources() {
  local name requirements
  while IFS=$'\t' read -r name requirements; do
    # shellcheck disable=SC2086  # several requirements and pip's options in one column
    "$venv/bin/pip" download --no-deps -d "$(source_directory "$name")" $requirements || return
  done < <(rows "$here/python-sources.tsv")
}

# One at a time: two versions of a package cannot be asked for together.
fetch_large_wheels() {
  local requirement
  rm -f "$large_wheels"/*.whl
  while read -r requirement; do
    "$venv/bin/pip" download --no-deps --only-binary :all: -d "$large_wheels" "$requirement" || return
  done < <(rows "$here/large-wheels.txt")
}
