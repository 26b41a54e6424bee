// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/module/lua_sandbox.hpp>
#include <cairn/module/tree.hpp>
#include <cairn/module/value.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cairn::module {

/// What one modulefile said when it was evaluated alone.
struct Record {
  Table cached;                         ///< its part of a spider cache entry: help, whatis, pathA, …
  std::vector<std::string> modulepaths; ///< added to MODULEPATH, regular, in order
  std::vector<Dependency> dependencies;
  std::vector<std::pair<std::string, std::string>> variables;  ///< set or extended: name and value, in order
  std::vector<std::string> extensions;
  std::optional<std::string> root;   ///< as in Modulefile
  std::vector<std::string> impure;   ///< as in Modulefile
  std::optional<std::string> error;  ///< as in Modulefile
};

/// Evaluate the modulefile `text`: Lua as it is, Tcl by way of the Lua text that Lmod would make of it.
[[nodiscard]] Record evaluate_modulefile(Language language, const std::string& text, const ModuleIdentity& identity);

/// `text` in one line that is safe to print, at most 500 bytes.
[[nodiscard]] std::string one_line(std::string_view text);

/// The strings of a list; none when `value` is something else.
[[nodiscard]] std::vector<std::string> strings_of(const Value* value);
/// `table[key]`, or null.
[[nodiscard]] const Value* find(const Table& table, const std::string& key);

}  // namespace cairn::module
