// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/base/task.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace cairn::volume {

struct CollectOptions {
  std::size_t keep = 3;  ///< generations, the current one included
  std::chrono::seconds grace = std::chrono::hours(24 * 7);  ///< what stopped being current less long ago stays
  bool dry_run = false;
};

struct Collected {
  std::vector<std::string> generations;  ///< removed
  std::vector<std::string> units;        ///< removed: names
  std::uint64_t bytes = 0;               ///< content of those
  std::vector<std::string> busy;         ///< what somebody still has open and goes next time
};

/// Remove generations that are not current, not among the newest `keep`, not leased and out of grace; then units that no generation
/// left has; then what killed runs left. Views go before what they lead to.
Collected collect(const std::filesystem::path& directory, const CollectOptions& options, const Task& task);

}  // namespace cairn::volume
