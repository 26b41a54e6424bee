// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cli/command_line.hpp>

#include <string>

/// What people read about commands, in three forms made from one text.
namespace cairn::cli {

/// For `cairn --help`, wrapped for the terminal (80 columns elsewhere).
[[nodiscard]] std::string help_text(const CommandLine& line);
[[nodiscard]] std::string help_text(const CommandLine& line, const Command& command);

/// A man page, section 1, in man(7)'s macros. `command` null: of the program.
[[nodiscard]] std::string man_page(const CommandLine& line, const Command* command);

/// A page of docs/commands in Markdown.
[[nodiscard]] std::string markdown_page(const CommandLine& line, const Command* command);

/// The file name of a page without its end: `cairn` or `cairn-split`.
[[nodiscard]] std::string page_name(const Command* command);

}  // namespace cairn::cli
