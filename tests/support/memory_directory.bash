# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Directories for what tests write and throw away: in memory where we may mount, since a disk takes minutes to forget some
# ten thousand files.

# memory_directory DIR: make it. Forgotten by forget_directory, or with the directory above it.
memory_directory() {
  mkdir -p "$1"
  if ((EUID == 0)); then mount -t tmpfs -o size=8g,mode=755 cairn-test "$1"; fi
}

forget_directory() {
  if mountpoint --quiet "$1"; then umount --lazy "$1"; fi
}
