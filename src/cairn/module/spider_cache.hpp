// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/module/node.hpp>
#include <cairn/module/rc_file.hpp>

#include <map>
#include <string>
#include <utility>
#include <vector>

/// Lmod's system spider cache, format "version 5": the text that Lmod 8.6.19's `spider -o spiderT` writes for the same
/// tree, byte for byte but for the exceptions of `serialized` (value.hpp).
namespace cairn::module {

/// What one unit (one name directly below a MODULEPATH directory) contributes: finished text, so that an unchanged
/// unit costs nothing but copying.
struct Shard {
  std::map<std::string, std::string> nodes;                     ///< by module name: its text in spiderT
  std::string frames;                                           ///< the same text without the modules' entries
  std::vector<std::pair<std::string, std::string>> modulepaths; ///< (added MODULEPATH, full name), in order
};

/// The shards of one MODULEPATH directory.
struct ModulepathShards {
  std::string path;  ///< absolute, at the target
  bool is_root = false;
  std::map<std::string, Shard> units;  ///< by the unit's name
  RcTables rc;
};

/// Where an entry stands.
struct EntryPlace {
  std::string_view target;   ///< where the tree will be
  std::string_view path;     ///< the MODULEPATH directory there
  bool is_meta = false;      ///< as in Node
  std::size_t level = 0;     ///< of directories between it and its module
};

/// The text of `Entry::text`. Throws Error{io} naming the module if Lua could not read it.
[[nodiscard]] std::string entry_text(const Entry& entry, const EntryPlace& place);

/// Of all that `entry_text` depends on; `script` stands for the record.
[[nodiscard]] Digest entry_digest(const Entry& entry, const EntryPlace& place, const Digest& script);

/// The shards of modules whose entries have their text. `target` is where the tree will be, `path` the MODULEPATH directory there.
/// `modulepath_at_target` says how an added MODULEPATH is called there.
[[nodiscard]] std::map<std::string, Shard> make_shards(const std::map<std::string, Node>& nodes, const std::string& target,
                                                       const std::string& path,
                                                       const std::function<std::string(const std::string&)>& modulepath_at_target);

/// The whole text. `walked` is in the order of Lmod's walk: where two MODULEPATH directories have one module that adds
/// the same third, the later counts. Throws Error{io} naming the module if Lua could not read the text (which would
/// disable every command of Lmod without a word).
[[nodiscard]] std::string merge(const std::vector<ModulepathShards>& walked);

}  // namespace cairn::module
