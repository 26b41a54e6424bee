// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/python/target.hpp>

#include <map>
#include <string>
#include <string_view>
#include <vector>

/// entry_points.txt and the scripts that installers make from it (PyPA "Entry points specification").
namespace cairn::python {

/// A function that a script calls.
struct EntryPoint {
  std::string name;       ///< of the script
  std::string module;     ///< `pkg.cli`
  std::string attribute;  ///< `main` or `Class.method`
};

/// Which pip is followed where its versions differ.
struct PipVersion {
  unsigned major = 25;
  unsigned minor = 3;
  friend auto operator<=>(const PipVersion&, const PipVersion&) = default;
};

/// The scripts that pip would make: of `console_scripts` and `gui_scripts`, in that order. Those of pip and easy_install
/// get the names that pip gives them, with the target's version. Throws Error{bad_input} naming `what` and the entry: a
/// name that would leave the directory or replace the interpreter, a value without a callable.
[[nodiscard]] std::vector<EntryPoint> script_entry_points(std::string_view text, const Target& target, const std::string& what);

/// `#!interpreter` as pip writes it for scripts that it generates: through /bin/sh when it has a space or is longer than 127 bytes.
[[nodiscard]] std::string shebang(const std::string& interpreter);

/// The whole script.
[[nodiscard]] std::string script_text(const EntryPoint& entry, const std::string& interpreter, const PipVersion& pip);

}  // namespace cairn::python
