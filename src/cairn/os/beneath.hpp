// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/os/fd.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

/// Walking safely beneath a directory: names are resolved one component at a time from a descriptor, symbolic links
/// are never followed, so nothing outside can be reached however the tree changes meanwhile.
namespace cairn {

/// One name of a directory, as readdir gives it (`.` and `..` left out).
struct DirectoryEntry {
  std::string name;
  unsigned char type = 0;  ///< DT_REG, DT_DIR, DT_LNK, … or DT_UNKNOWN (dirent.h)
};

/// Open the directory itself (a final symbolic link is followed: it is what the user named).
[[nodiscard]] Fd open_root(const std::filesystem::path& path);

/// Open `relative` (components separated by single slashes, no `.` or `..`; empty: `root` itself) beneath `root`
/// without following any symbolic link: one openat2(2) where the kernel has it, else a component at a time.
/// Throws Error naming `shown`: bad_input for a link or a `..` on the way.
[[nodiscard]] Fd open_beneath(int root, std::string_view relative, int flags, Shown shown);

/// All names of the directory `dir`, sorted bytewise. `shown` is for errors. The offset of `dir` is moved.
[[nodiscard]] std::vector<DirectoryEntry> list_directory(int dir, Shown shown);

/// lstat beneath `dir`. Throws Error naming `shown`.
[[nodiscard]] struct stat stat_at(int dir, const std::string& name, Shown shown);

/// A symbolic link's target. Throws Error naming `shown`; limit: PATH_MAX bytes.
[[nodiscard]] std::string read_link_at(int dir, const std::string& name, Shown shown);

/// Remove `name` of `dir` with all below it, following no link; directories that deny it (mode 0555) are made
/// writable first. Nothing there: nothing done. Throws Error naming `shown`.
void remove_beneath(int dir, const std::string& name, const std::filesystem::path& shown);

}  // namespace cairn
