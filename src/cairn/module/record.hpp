// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/module/script.hpp>
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

/// What the evaluation of the modulefile `script` gave, in our words.
[[nodiscard]] Record record_of(const Script& script, Answer answer);

/// `text` in one line that is safe to print, of at most 500 of its bytes.
[[nodiscard]] std::string one_line(std::string_view text);

}  // namespace cairn::module
