// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/module/lua_sandbox.hpp>
#include <cairn/module/tree.hpp>
#include <cairn/module/value.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cairn::module {

/// A file to evaluate.
struct Script {
  enum class Kind { modulefile, rc };
  Kind kind = Kind::modulefile;
  Language language = Language::lua;
  std::string text;
  ModuleIdentity identity;  ///< of a modulefile
};

struct Answer {
  Table said;                        ///< as lua_environment.hpp has it; of a Tcl rc file, `ModA`
  std::vector<std::string> impure;   ///< as in Modulefile, repeats and all
  std::optional<std::string> error;  ///< what Lua or Tcl said
};

/// Evaluate `script` in this process: Lua as it is, Tcl by way of the Lua text that Lmod would make of it. What the
/// interpreters' own limits do not catch (Tcl aborts when it has no memory; a pattern can take years) ends the process
/// or never ends: see Evaluator.
[[nodiscard]] Answer run(const Script& script);

/// Both as bytes between processes. Reading throws Error{corrupt} for what is not such bytes.
[[nodiscard]] std::string packed(const Script& script);
[[nodiscard]] std::string packed(const Answer& answer);
[[nodiscard]] Script unpacked_script(std::string_view bytes);
[[nodiscard]] Answer unpacked_answer(std::string_view bytes);

/// The strings of a list; none when `value` is null or something else. Integers count as their digits.
[[nodiscard]] std::vector<std::string> strings_of(const Value* value);
/// `table[key]`, or null.
[[nodiscard]] const Value* find(const Table& table, const std::string& key);
/// `table[key]` when it is a string.
[[nodiscard]] std::optional<std::string> string_at(const Table& table, const std::string& key);

}  // namespace cairn::module
