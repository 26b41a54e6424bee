// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/base/task.hpp>
#include <cairn/os/child.hpp>

#include <string>
#include <string_view>
#include <vector>

/// Programs of others that this room runs. For the room's own use.
namespace cairn::build {

/// Throws Error{not_found} naming `program`, what needs it and the Debian package that has it, unless PATH leads to it.
void require_tool(std::string_view program, std::string_view package, std::string_view needed_by);

/// Run to its end, at most a day. Throws Error{tool} with `title` and its last lines when it does not exit with 0.
ProgramResult run_tool(const std::string& title, Program program, const Task& task);

/// The last lines of what a program said, for an error: control characters escaped, a limited number.
[[nodiscard]] std::string last_lines(std::string_view text);

/// `arguments` with umask 022 in an environment of nothing but PATH, locale, time zone, SOURCE_DATE_EPOCH, and `more` (`NAME=value`).
[[nodiscard]] std::vector<std::string> in_empty_environment(const std::vector<std::string>& more, const std::vector<std::string>& arguments);

}  // namespace cairn::build
