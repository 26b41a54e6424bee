// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cli/command_line.hpp>

#include <string>

namespace cairn::cli {

/// A completion script for `shell`: bash, zsh or fish. Image names are asked of `cairn images --names` when needed.
[[nodiscard]] std::string completion_script(const CommandLine& line, const std::string& shell);

}  // namespace cairn::cli
