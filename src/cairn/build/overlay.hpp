// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

/// A container's root file system as an overlay of directories: what it holds itself, and what lies below. For the room's own use.
namespace cairn::build {

/// What buildah's `mount` gives, taken apart.
struct Overlay {
  std::filesystem::path merged;
  std::filesystem::path upper;               ///< what the container changed
  std::vector<std::filesystem::path> lower;  ///< highest first
  /// Throws Error{unsupported} when the storage driver is not overlay.
  [[nodiscard]] static Overlay of(const std::filesystem::path& mount);

  /// Where `path` (as in tar::Entry) lies below the container's own layer; nothing when there is no such thing.
  [[nodiscard]] std::optional<std::filesystem::path> below(const std::string& path) const;
};

/// Whether overlayfs says by `path` in an upper directory that what lies below is hidden: a character device 0/0, or (for directories)
/// the attribute `opaque`.
[[nodiscard]] bool is_whiteout(const std::filesystem::path& path);
[[nodiscard]] bool is_opaque(const std::filesystem::path& directory);
/// An attribute of overlayfs that means that the bytes lie elsewhere: `redirect`, `metacopy`.
[[nodiscard]] bool is_redirected(const std::filesystem::path& path);

}  // namespace cairn::build
