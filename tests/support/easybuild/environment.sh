# shellcheck shell=bash disable=SC2154  # what ./tree and its other parts set
# SPDX-License-Identifier: Apache-2.0
#
# Sourced by ./tree: where things are kept, what the environment is, and EasyBuild itself.

easybuild_version=5.4.1
cache=${CAIRN_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/cairn}/easybuild

say() { printf 'easybuild tree %s: %s\n' "${variant:-}" "$*" >&2; }

# Run the script again with nothing in the environment but what the network and the cache need: compiler flags, Python
# settings, version managers' shims and other module trees all change what EasyBuild makes.
with_clean_environment() {
  [[ -z ${CAIRN_CLEAN_ENVIRONMENT:-} ]] || return 0
  local keep=() name
  for name in HOME USER LOGNAME XDG_CACHE_HOME CAIRN_CACHE \
    http_proxy https_proxy no_proxy all_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY ALL_PROXY \
    SSL_CERT_FILE SSL_CERT_DIR REQUESTS_CA_BUNDLE CURL_CA_BUNDLE \
    PIP_INDEX_URL PIP_EXTRA_INDEX_URL PIP_TRUSTED_HOST PIP_CERT PIP_CONFIG_FILE PIP_PROXY PIP_DEFAULT_TIMEOUT PIP_RETRIES; do
    [[ -z ${!name:-} ]] || keep+=("$name=${!name}")
  done
  umask 022
  exec env -i CAIRN_CLEAN_ENVIRONMENT=1 LC_ALL=C.UTF-8 PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "${keep[@]}" "$@"
}

# step NAME COMMAND…: run it with its output in a log, say how long it took, show the log's end if it fails.
step() {
  local name=$1 started=$SECONDS log=$home/logs/$1.log
  shift
  if ! "$@" >"$log" 2>&1; then
    tail -n 40 "$log" >&2
    say "$name failed; the whole log: $log"
    exit 1
  fi
  say "$name: $((SECONDS - started)) s"
}

# A virtual environment with EasyBuild, kept for all trees.
need_easybuild() {
  venv=$cache/venv-$easybuild_version-$(/usr/bin/python3 -c 'import platform; print(platform.python_version())')
  easybuild_easyconfigs=$venv/easybuild/easyconfigs
  [[ -e $venv/complete ]] || step venv make_venv
}

make_venv() {
  rm -rf "$venv" && /usr/bin/python3 -m venv "$venv" && "$venv/bin/pip" install "easybuild==$easybuild_version" &&
    touch "$venv/complete"
}

# Run EasyBuild for the tree at $prefix. The tree's own configuration file says how; here is only what this machine adds.
# `eb` is called by its absolute path, and HOME is empty, so that no settings of the user's are read.
eb() {
  local settings=(
    XDG_CONFIG_HOME="$home/scratch/home/.config" XDG_CONFIG_DIRS="$prefix" HOME="$home/scratch/home"
    LMOD_CMD=/usr/share/lmod/lmod/libexec/lmod EB_PYTHON="$venv/bin/python3"
    EASYBUILD_BUILDPATH="$home/scratch/build" EASYBUILD_TMPDIR="$home/scratch/tmp"
    EASYBUILD_SOURCEPATH="$sources" EASYBUILD_SOURCEPATH_DATA="$sources"
    EASYBUILD_ROBOT_PATHS="$here/easyconfigs:$home/scratch/easyconfigs:$easybuild_easyconfigs"
    EASYBUILD_PARALLEL="$(nproc)"
  )
  [[ $EUID != 0 ]] || settings+=(EASYBUILD_ALLOW_USE_AS_ROOT_AND_ACCEPT_CONSEQUENCES=1)
  mkdir -p "$home/scratch"/{home,tmp}
  env "${settings[@]}" nice "$venv/bin/eb" "$@"
}
