// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/tar/entry.hpp>
#include <cairn/tar/entry_set.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace cairn::image {

/// What one layer may not do within itself: no path twice, parents before children and directories, whiteouts that are
/// some. Keeps hashes of paths, not paths. For the room's own use; one thread at a time.
class EntryRules {
public:
  /// `problems` outlives this and gets one line a broken rule, but not many: a broken layer may have millions.
  explicit EntryRules(std::vector<std::string>& problems) : problems_(problems) {}
  void check(const tar::Entry& entry);

private:
  void check_parents(const std::string& path);
  void add(std::string_view path, std::string_view problem);

  std::vector<std::string>& problems_;
  tar::EntrySet seen_;
  tar::EntrySet others_;   ///< seen and no directories
  tar::EntrySet awaited_;  ///< directories that something lies in and that were not seen yet
  std::string last_parent_;
};

}  // namespace cairn::image
