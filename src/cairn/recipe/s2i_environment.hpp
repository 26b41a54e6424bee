// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cairn::recipe {

/// The variables of a `.s2i/environment`, in order: lines `NAME=VALUE`; a line that begins with `#` is a comment, and so is none that
/// begins with spaces. Blanks around name and value do not count; quotes do. Throws Error{bad_input} with file and line.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> parse_s2i_environment(std::string_view text, const std::string& what);
[[nodiscard]] std::vector<std::pair<std::string, std::string>> read_s2i_environment(const std::filesystem::path& path);

}  // namespace cairn::recipe
