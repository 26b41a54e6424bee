// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/base/task.hpp>
#include <cairn/build/normal_layer.hpp>
#include <cairn/build/overlay.hpp>

#include <string>
#include <vector>

namespace cairn::build {

/// What of the container does not count. Paths are as in tar::Entry.
struct DifferenceRules {
  std::vector<std::string> mount_places;  ///< were mounted into it: the empty directories made for them do not count
  std::vector<std::string> scratch;       ///< nothing at and below them counts
};

/// Write to `layer` what the container's own directory changes of what lies below: sorted, with whiteouts, owners and set-id bits kept,
/// what is as it was below dropped. Returns what normalising left out. For the room's own use.
[[nodiscard]] std::vector<std::string> write_difference(const Overlay& overlay, const DifferenceRules& rules, NormalLayer& layer, const Task& task);

}  // namespace cairn::build
