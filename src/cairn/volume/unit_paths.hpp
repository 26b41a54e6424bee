// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/library/document.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace cairn::volume {

/// Where a fragment's entries lie in a unit's directory: what is below root N is below N. Any thread.
class UnitPaths {
public:
  /// `prefix`: archive path of the tree, `opt/apps/easybuild`.
  UnitPaths(const std::vector<library::RootPath>& roots, std::string prefix);

  struct Place {
    std::size_t root = 0;
    std::string path;      ///< in the unit's directory: `0/lib/libz.so`, or `3` for a root that is a file
    bool is_root = false;
  };
  /// Nothing for a path outside the roots.
  [[nodiscard]] std::optional<Place> place(std::string_view archive_path) const;

  /// The text that a symbolic link at `place` gets, so that it leads where `text` leads from `archive_path`: the same, unless it
  /// leaves its root. A root that is a link keeps its text: it is never followed where it lies.
  [[nodiscard]] std::string link_text(std::string_view archive_path, const Place& place, const std::string& text) const;

private:
  std::unordered_map<std::string, std::size_t> roots_;
  std::vector<library::RootPath> list_;
  std::string prefix_;
};

}  // namespace cairn::volume
