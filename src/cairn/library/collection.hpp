// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cairn::library {

/// The modules of an Lmod collection, a file that `module save NAME` writes to `~/.lmod.d/NAME`: full names in the order in which they
/// are loaded. Throws Error{bad_input} naming `what` for a file that is none, or names no module.
[[nodiscard]] std::vector<std::string> read_collection(std::string_view text, const std::string& what);

}  // namespace cairn::library
