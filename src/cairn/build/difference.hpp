// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/base/task.hpp>
#include <cairn/build/normal_layer.hpp>
#include <cairn/build/overlay.hpp>

#include <string>
#include <vector>

namespace cairn::build {

/// Write to `layer` what the container's own directory changes of what lies below: sorted, with whiteouts, owners and set-id bits kept,
/// what is as it was below dropped. Returns what normalising left out. `mount_places` (as in tar::Entry) were mounted into it: the empty
/// directories made for them do not count. For the room's own use.
[[nodiscard]] std::vector<std::string> write_difference(const Overlay& overlay, const std::vector<std::string>& mount_places, NormalLayer& layer,
                                                        const Task& task);

}  // namespace cairn::build
