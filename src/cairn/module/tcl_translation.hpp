// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

/// Running Tcl text that nobody has checked, in a safe Tcl 8.6 interpreter of its own. Lmod makes Lua text of a Tcl file
/// and runs that, so the flaws of the text (a quote in a value ends it) are part of what Lmod sees: we make the same.
namespace cairn::module {

constexpr int tcl_command_limit = 1'000'000;
constexpr int tcl_seconds_limit = 5;

struct TclTranslation {
  std::string lua;                   ///< what Lmod's tcl2lua or RC2lua would write
  std::vector<std::string> impure;   ///< questions to the host, answered empty
  std::optional<std::string> error;  ///< as Tcl says it
};

/// Translate a Tcl modulefile. Its last word before an error is kept.
[[nodiscard]] TclTranslation translate_modulefile(const std::string& text, const std::string& full_name,
                                                  const std::string& file_name);

/// Translate a `.modulerc` or `.version` into `ModA={…}`; nothing after an error.
[[nodiscard]] TclTranslation translate_rc(const std::string& text);

}  // namespace cairn::module
