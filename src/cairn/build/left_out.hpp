// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

/// What no layer that is made here has: what a container's runtime, a package manager or the machine leaves behind. Listed in
/// docs/formats/base.md. Paths as in tar::Entry. For the room's own use.
namespace cairn::build {

/// The runtime's or the machine's own: never content, whether written or removed.
[[nodiscard]] bool belongs_to_runtime(std::string_view path);

/// Leftovers: logs, caches, backups, locks. `is_directory`: most directories of such places stay, empty.
[[nodiscard]] bool is_leftover(std::string_view path, bool is_directory);

}  // namespace cairn::build
