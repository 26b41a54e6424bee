// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/os/beneath.hpp>
#include <cairn/os/fd.hpp>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace cairn::module {

/// A file of a module tree is never larger.
constexpr std::uint64_t modulefile_limit_bytes = 1 << 20;

/// `directory/name`, or `name` when `directory` is "".
[[nodiscard]] std::string joined(std::string_view directory, std::string_view name);

/// Reads a module tree as if it stood at its target path: absolute links to the target (or to where the tree is now)
/// lead into the tree; no link leads out of it. Paths are relative to the tree, "" is the tree itself. Any thread.
class TreeReader {
public:
  /// Throws Error when `tree` is no directory that can be opened. `target` is absolute.
  TreeReader(std::filesystem::path tree, const std::string& target);

  struct Found {
    std::string real;  ///< the path without links
    struct stat status;
  };
  /// What `path` leads to after following links, as stat(2) would say; nothing when a link is broken, leaves the tree
  /// or turns in circles.
  [[nodiscard]] std::optional<Found> find(std::string_view path) const;

  /// The path in the tree that `absolute` means: below the target, or below where the tree is now.
  [[nodiscard]] std::optional<std::string> inside(std::string_view absolute) const;

  /// `path` (absolute or not), moved to the target if it is below where the tree is now.
  [[nodiscard]] std::string at_target(std::string_view path) const;

  /// Open the directory `real` (no links on the way), which `list_directory` and `stat_at` take.
  [[nodiscard]] Fd open_directory(std::string_view real) const;
  /// The first bytes of the regular file `real`, at most `limit_bytes`.
  [[nodiscard]] std::string read_start(std::string_view real, std::size_t limit_bytes) const;

  [[nodiscard]] std::string shown(std::string_view path) const { return joined(tree_.native(), path); }
  [[nodiscard]] const std::string& target() const { return target_; }

private:
  std::filesystem::path tree_;
  std::string here_;  ///< `tree_` as absolute text
  std::string target_;
  Fd root_;
};

}  // namespace cairn::module
