// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/base/task.hpp>

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace cairn {

/// A program to run: an argument vector, never a shell.
struct Program {
  std::vector<std::string> arguments;  ///< the first is looked for in PATH
  std::string input;                   ///< its standard input
  std::vector<std::pair<std::string, std::string>> variables;  ///< besides those of this process
  std::chrono::seconds deadline{60};
  std::size_t output_limit_bytes = std::size_t{1} << 20;
};

struct ProgramResult {
  int status = 0;      ///< exit status; 128 + signal when killed by one
  std::string output;  ///< standard output
  std::string errors;  ///< the last 4 KiB of standard error
};

/// Run `program`, with no open files but its standard ones, in a process group of its own until it ends; at the deadline, when `task` is stopped, or when its output
/// passes the limit the whole group is killed. Throws Error: not_found (no such program), tool (deadline), limit; Cancelled.
[[nodiscard]] ProgramResult run_program(const Program& program, const Task& task);

}  // namespace cairn
