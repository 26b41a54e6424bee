// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/module/script.hpp>
#include <cairn/module/tree.hpp>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// `.modulerc.lua`, `.modulerc` and `.version`: the names and marks that a directory's owner gives to modules.
namespace cairn::module {

struct Directive {
  enum class Kind { module_version, module_alias, hide, set_default };
  Kind kind;
  std::string name;                   ///< the module, the alias, what is hidden, or the default's version
  std::string target;                 ///< of an alias
  std::vector<std::string> versions;  ///< of module_version
};

struct RcFile {
  std::vector<Directive> directives;
  std::vector<std::string> impure;   ///< as in Modulefile
  std::optional<std::string> error;  ///< one line; a Lua file keeps the directives before it, a Tcl file loses all
};

/// What the evaluation of an rc file gave, in our words. `shown` names it in errors.
[[nodiscard]] RcFile rc_file_of(Language language, const Answer& answer, const std::string& shown);

/// What the rc files below one MODULEPATH directory said, in Lmod's three tables.
struct RcTables {
  std::map<std::string, std::string> alias2mod;
  std::map<std::string, std::string> version2mod;
  std::map<std::string, bool> hidden;

  [[nodiscard]] bool empty() const { return alias2mod.empty() && version2mod.empty() && hidden.empty(); }
};

/// The module that `name` stands for in the first of `tables` that knows it, else `name`: as Lmod 8.6.19's MRC:resolve,
/// which looks once for an alias and then follows symbolic versions. Circles end at 100 steps.
[[nodiscard]] std::string resolved(const std::vector<const RcTables*>& tables, std::string name);

/// Carry out `directives`, found in directory `directory` (below MODULEPATH; nothing at its top), on `tables`.
/// The value of the directory's default, if one was set. `clash(name)` hears of names given twice with two meanings.
/// Throws Error{bad_input} where Lmod would stop: a leading slash without a directory.
[[nodiscard]] std::optional<std::string> apply(const std::vector<Directive>& directives,
                                               const std::optional<std::string>& directory, RcTables& tables,
                                               const std::function<void(const std::string&)>& clash);

}  // namespace cairn::module
