// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

/// What `files` steps read, as one digest.
namespace cairn::build {

/// Digests of trees, kept by what a stat of every entry says: a tree that nobody touched is not read again. Any thread.
class TreeDigests {
public:
  /// `directory` is where they are kept; it must be there.
  explicit TreeDigests(std::filesystem::path directory) : directory_(std::move(directory)) {}

  /// What a file, or all that a directory holds, is: names, kinds, the owner's executable bit, contents, link targets; neither times nor
  /// owners. Paths below it that `excludes` (fnmatch(3)) match are left out. Throws Error{not_found}, Error{unsupported} for sockets
  /// and devices.
  [[nodiscard]] std::string of(const std::filesystem::path& tree, const std::vector<std::string>& excludes) const;

private:
  std::filesystem::path directory_;
};

}  // namespace cairn::build
