// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/module/evaluation_cache.hpp>
#include <cairn/module/evaluator.hpp>
#include <cairn/module/rc_file.hpp>
#include <cairn/module/tree.hpp>
#include <cairn/module/tree_reader.hpp>

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace cairn::module {

/// A modulefile's name before it is read.
struct File {
  std::string path;  ///< relative to the tree, links not followed
  std::string real;  ///< the same with links followed: what to read
  std::string base;  ///< the last component
  Language language = Language::lua;
  bool is_default = false;  ///< a regular file named `default`
  FileStamp stamp = {};     ///< of `real`

  [[nodiscard]] bool has_lua_suffix() const { return base.ends_with(".lua"); }
};

/// `default`, `.modulerc.lua`, `.modulerc` or `.version`.
struct DefaultMark {
  int index = 0;                     ///< 1 to 4: the lowest in a directory decides
  std::string base;
  std::string path;                  ///< relative to the tree
  std::string full_name;             ///< below MODULEPATH, without `.lua`
  std::optional<std::string> value;  ///< the version or module it marks
};

/// A directory below MODULEPATH with all that Lmod sees in it.
struct Directory {
  std::map<std::string, File> files;             ///< by full name
  std::map<std::string, Directory> directories;  ///< by full name; those without a modulefile below are left out
  std::vector<DefaultMark> marks;                ///< by index
};

/// One MODULEPATH directory, walked.
struct Walked {
  Directory top;
  RcTables rc;
  std::vector<DefaultFile> default_files;
  std::vector<std::string> warnings;
};

/// Walk the MODULEPATH directory `modulepath` (relative) as Lmod 8.6.19's DirTree does, rc files included, in bytewise
/// order. Nothing when there is no such directory. Independent of who runs it: what lacks o+r is left out, as Lmod
/// does for root. Left out with a warning: names with outer white space, links that leave the tree, directories
/// within themselves or more than 64 levels down. Throws Error{limit} beyond a million names.
[[nodiscard]] std::optional<Walked> walk(const TreeReader& tree, const std::string& modulepath, Evaluator& evaluator, const Task& task);

}  // namespace cairn::module
