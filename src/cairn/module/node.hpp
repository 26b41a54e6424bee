// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/module/directory.hpp>
#include <cairn/module/record.hpp>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace cairn::module {

/// One modulefile in its place among Lmod's modules.
struct Entry {
  File file;
  std::string name;                    ///< of the module: `zlib` (Lmod's sn)
  std::string full_name;               ///< `zlib/1.3.1`
  std::optional<std::string> version;  ///< nothing for a module that is one file (a meta module)
  std::string parsed;                  ///< pV: canonical version
  std::string weight;                  ///< wV: the same with `^` where a default is marked
  Record record;                       ///< filled by evaluation, and so is:
  std::string text;                    ///< its part of the spider cache
};

/// A module, or one level of versions within it.
struct Node {
  std::map<std::string, Entry> entries;  ///< by full name
  std::map<std::string, Node> levels;    ///< by full name of the directory
  std::vector<DefaultMark> marks;        ///< by index
  std::optional<DefaultMark> marked;     ///< the one that decides

  /// A module that is one file, whose version Lmod does not know.
  bool is_meta = false;
};

/// The modules in a walked MODULEPATH directory, by name: each directory that has a default mark or no directory below
/// is one, each file outside of them too (Lmod 8.6.19, ModuleA). `lost(full_name)` hears of files whose name a
/// directory has too: Lmod forgets them.
[[nodiscard]] std::map<std::string, Node> group(const Directory& top, const std::function<void(const std::string&)>& lost);

}  // namespace cairn::module
