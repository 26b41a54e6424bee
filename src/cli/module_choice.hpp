// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace cairn::cli {

/// The modules that a user asks for by name and by the file of an Lmod collection. Throws Error naming a file that is none.
[[nodiscard]] std::vector<std::string> chosen_modules(std::vector<std::string> modules, const std::optional<std::string>& collection);

}  // namespace cairn::cli
