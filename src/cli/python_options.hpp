// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/stack/request.hpp>
#include <cli/command_line.hpp>

#include <optional>
#include <string>
#include <vector>

namespace cairn::cli {

/// What may be said about a lock and its target on the command line: the same for `python` and `lock`.
struct PythonOptions {
  std::optional<std::string> python;
  std::optional<std::string> platform;
  std::optional<std::string> glibc;
  std::optional<std::string> pip;
  std::optional<std::string> platform_release;
  std::vector<std::string> wheels;
  std::vector<std::string> index;
  std::vector<std::string> groups;
  std::vector<std::string> extras;
};

void add_python_options(Command& command, PythonOptions& options);

/// What they say. Throws UsageError for those that make no sense.
[[nodiscard]] stack::Request request_of(const PythonOptions& options);

}  // namespace cairn::cli
