# shellcheck shell=bash disable=SC2154  # what ./tree and its other parts set
# SPDX-License-Identifier: Apache-2.0
#
# Sourced by ./tree: the variants. Each function builds one tree at $prefix; README.md lists what ends up in it.
# An easyconfig that is neither in easyconfigs/ nor adapted below is EasyBuild's own, unmodified.

build_flat() {
  configure_tree EasyBuildMNS
  adapt_easyconfigs
  # Headers alone, and data that is shared by versions.
  step data-and-headers eb uthash-2.3.0.eb GPAW-setups-24.11.0.eb iso-codes-4.15.0.eb iso-codes-4.18.0.eb
  step compilers eb --robot GCC-12.2.0.eb
  step libraries eb --robot zlib-1.2.13-GCCcore-12.2.0.eb zlib-1.3.1-GCCcore-12.2.0.eb bzip2-1.0.8-GCCcore-12.2.0.eb \
    lz4-1.9.4-GCCcore-12.2.0.eb lz4-1.10.0-GCCcore-12.2.0-static.eb xxHash-0.8.1-GCCcore-12.2.0.eb \
    utf8proc-2.8.0-GCCcore-12.2.0.eb gflags-2.2.2-GCCcore-12.2.0.eb libffi-3.4.4-GCCcore-12.2.0.eb \
    Eigen-3.4.0-GCCcore-12.2.0.eb Compression-2024-GCCcore-12.2.0.eb
  step programs eb --robot BWA-0.7.18-GCCcore-12.2.0.eb QuickTree-2.5-GCC-12.2.0.eb
  step hidden eb --hidden Zip-3.0-GCCcore-12.2.0.eb
  step tcl eb --module-syntax=Tcl giflib-5.2.1-GCCcore-12.2.0.eb seqtk-1.4-GCC-12.2.0.eb
  step python eb numpy-1.26.4-Python-3.11.2.eb PyTools-2024.08.eb uv-0.4.30.eb
  step easybuild eb EasyBuild-5.4.0.eb
  # A default (and, through --force, the backup that it leaves among the modulefiles), an alias, and a failure's remains.
  step default eb --set-default-module --module-only --force GPAW-setups-24.11.0.eb
  step alias eb uv-0.4.eb
  step failure fails eb uthash-2.3.0-unfinished.eb
  feature lib/zlib math/numpy tools/Compression
}

build_hierarchical() {
  configure_tree HierarchicalMNS
  adapt_easyconfigs
  step core eb uthash-2.3.0.eb
  step compilers eb --robot GCC-12.2.0.eb
  step libraries eb --robot zlib-1.3.1-GCCcore-12.2.0.eb bzip2-1.0.8-GCCcore-12.2.0.eb \
    lz4-1.10.0-GCCcore-12.2.0-static.eb Compression-2024-GCCcore-12.2.0.eb
  step programs eb --robot QuickTree-2.5-GCC-12.2.0.eb seqtk-1.4-GCC-12.2.0.eb
}

build_large() {
  build_flat
  need_large_wheels
  write_wheel_easyconfigs
  sources=$large_wheels step wheels eb "$home/scratch/easyconfigs/wheels"/*.eb
}

# configure_tree NAMING_SCHEME
configure_tree() {
  mkdir -p "$prefix/easybuild.d"
  sed "s|@PREFIX@|$prefix|; s|@NAMING_SCHEME@|$1|" "$here/config.cfg.in" >"$prefix/easybuild.d/config.cfg"
}

# EasyBuild's own easyconfigs with one line changed: a dependency, or the toolchain, moved to the version that we have.
adapt_easyconfigs() {
  local theirs=$easybuild_easyconfigs ours=$home/scratch/easyconfigs
  mkdir -p "$ours"
  sed "s/('zlib', '1.2.12')/('zlib', '1.3.1')/" "$theirs/s/seqtk/seqtk-1.4-GCC-12.2.0.eb" >"$ours/seqtk-1.4-GCC-12.2.0.eb"
  sed 's/12\.3\.0/12.2.0/' "$theirs/b/BWA/BWA-0.7.18-GCCcore-12.3.0.eb" >"$ours/BWA-0.7.18-GCCcore-12.2.0.eb"
}

# An easyconfig for each wheel of the large tree, from the template.
write_wheel_easyconfigs() {
  local directory=$home/scratch/easyconfigs/wheels wheel file name version
  mkdir -p "$directory"
  for wheel in "$large_wheels"/*.whl; do
    file=${wheel##*/}
    IFS=- read -r name version _ <<<"$file"
    sed "s|@NAME@|$name|g; s|@VERSION@|$version|g; s|@FILE@|$file|g" "$here/easyconfigs/wheel.eb.in" \
      >"$directory/$name-$version.eb"
  done
}

# feature CATEGORY/NAME…: copy these into modules/featured, as people make a short list for a panel: the copies are
# absolute symlinks into modules/all, like what they are copied from.
feature() {
  (cd "$prefix/modules" && mkdir -p featured && cp -R "$@" featured/)
}

fails() { ! "$@"; }
