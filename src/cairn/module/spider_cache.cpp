// SPDX-License-Identifier: Apache-2.0
#include <cairn/module/spider_cache.hpp>

#include <cairn/base/error.hpp>
#include <cairn/module/lua_sandbox.hpp>
#include <cairn/module/value.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace cairn::module {
namespace {

constexpr std::int64_t cache_version = 5;
constexpr std::size_t node_indent = 4;  // spiderT, MODULEPATH directory, module

std::int64_t lua_extension(const std::string& base) { return static_cast<std::int64_t>(base.size()) - 3; }

Table mark_table(const DefaultMark& mark, const std::string& target, const std::string& path)
{
  Table out{{"barefn", mark.base},
            {"defaultIdx", std::int64_t{mark.index}},
            {"fn", fmt::format("{}/{}", target, mark.path)},
            {"fullName", mark.full_name},
            {"mpath", path},
            {"value", mark.value ? Value(*mark.value) : Value(false)}};
  if (mark.base.ends_with(".lua")) out.emplace("luaExt", lua_extension(mark.base));
  return out;
}

Table entry_table(const Entry& entry, bool is_meta, const std::string& target, const std::string& path)
{
  Table out{{"fn", fmt::format("{}/{}", target, entry.file.path)}, {"mpath", path}, {"pV", entry.parsed}, {"wV", entry.weight}};
  const auto& base = entry.file.base;
  const auto stem = entry.file.has_lua_suffix() ? base.substr(0, base.size() - 4) : base;
  out.emplace("canonical", is_meta ? "" : stem);
  out.emplace("Version", entry.version ? Value(*entry.version) : Value(false));
  if (entry.file.has_lua_suffix()) out.emplace("luaExt", lua_extension(base));
  if (!is_meta && !entry.file.is_default && (base.starts_with(".version") || base.starts_with(".modulerc")))
    out.emplace("dot_version", std::int64_t{1});
  for (const auto& [key, value] : entry.record.cached) out.insert_or_assign(key, value);
  return out;
}

Table node_table(const Node& node, const std::string& target, const std::string& path)
{
  List marks;
  for (const auto& mark : node.marks) marks.emplace_back(mark_table(mark, target, path));
  Table levels;
  for (const auto& [name, level] : node.levels) levels.emplace(name, node_table(level, target, path));
  Table entries;
  for (const auto& [name, entry] : node.entries) entries.emplace(name, entry_table(entry, node.is_meta, target, path));
  return {{"defaultA", std::move(marks)},
          {"defaultT", node.marked ? mark_table(*node.marked, target, path) : Table{}},
          {"dirT", std::move(levels)},
          {"fileT", std::move(entries)}};
}

void collect_modulepaths(const Node& node, const std::function<std::string(const std::string&)>& at_target, Shard& out)
{
  for (const auto& [full_name, entry] : node.entries)
    for (const auto& added : entry.record.modulepaths) out.modulepaths.emplace_back(at_target(added), full_name);
  for (const auto& [name, level] : node.levels) collect_modulepaths(level, at_target, out);
}

Table texts(const std::map<std::string, std::string>& map)
{
  Table out;
  for (const auto& [key, value] : map) out.emplace(key, value);
  return out;
}

Table truths(const std::map<std::string, bool>& map)
{
  Table out;
  for (const auto& [key, value] : map) out.emplace(key, value);
  return out;
}

/// What is hidden, by resolved name: of the roots alone, and only if there is a module that could be.
Table hidden_table(const std::vector<ModulepathShards>& walked)
{
  std::vector<const RcTables*> roots;
  for (const auto& one : walked)
    if (one.is_root) roots.push_back(&one.rc);
  std::ranges::reverse(roots);  // the walk takes the last root first
  Table out;
  for (const auto* rc : roots)
    for (const auto& [name, value] : rc->hidden) out.insert_or_assign(resolved(roots, name), value);
  return out;
}

/// Name the module whose own text Lua cannot read, else the whole.
[[noreturn]] void throw_unreadable(const std::vector<ModulepathShards>& walked, const std::string& why)
{
  for (const auto& one : walked)
    for (const auto& [unit, shard] : one.units)
      for (const auto& [name, text] : shard.nodes)
        if (syntax_error("x = {\n" + text + "}\n"))
          throw Error(Errc::io, fmt::format("{}: Lua cannot read its spider cache entry: {}", printable(name), why));
  throw Error(Errc::io, fmt::format("Lua cannot read the spider cache: {}", why));
}

}  // namespace

std::map<std::string, Shard> make_shards(const std::map<std::string, Node>& nodes, const std::string& target, const std::string& path,
                                         const std::function<std::string(const std::string&)>& modulepath_at_target)
{
  std::map<std::string, Shard> units;
  for (const auto& [name, node] : nodes) {
    auto& shard = units[name.substr(0, name.find('/'))];
    if (!name.starts_with("__")) shard.nodes.emplace(name, serialized(name, node_table(node, target, path), node_indent, Place::nested));
    collect_modulepaths(node, modulepath_at_target, shard);
  }
  return units;
}

std::string merge(const std::vector<ModulepathShards>& walked)
{
  std::map<std::string, std::string> bodies;  // of spiderT, by MODULEPATH directory
  Table rc_tables;
  std::map<std::string, std::map<std::string, std::string>> adders;
  bool any = false;
  for (const auto& one : walked) {
    std::map<std::string, const std::string*> nodes;
    for (const auto& [unit, shard] : one.units) {
      for (const auto& [name, text] : shard.nodes) nodes.emplace(name, &text);
      for (const auto& [added, full_name] : shard.modulepaths) adders[added][full_name] = one.path;
    }
    any = any || !nodes.empty();
    std::string body;
    for (const auto& [name, text] : nodes) body += *text;
    bodies[one.path] = serialized_around(one.path, body, 2, Place::nested);
    Table rc;
    if (!one.rc.alias2mod.empty()) rc.emplace("alias2modT", texts(one.rc.alias2mod));
    if (!one.rc.hidden.empty()) rc.emplace("hiddenT", truths(one.rc.hidden));
    if (!one.rc.version2mod.empty()) rc.emplace("version2modT", texts(one.rc.version2mod));
    if (!rc.empty()) rc_tables.emplace(one.path, std::move(rc));
  }

  Table map;
  for (const auto& [added, by_name] : adders) map.emplace(added, texts(by_name));
  std::string spider;
  bool versioned = false;
  const auto version = fmt::format("  version = {},\n", cache_version);
  for (const auto& [path, body] : bodies) {
    if (!versioned && path > "version") spider += version;
    versioned = versioned || path > "version";
    spider += body;
  }
  if (!versioned) spider += version;

  const Table rc{{"alias2modT", Table{}}, {"hiddenT", any ? hidden_table(walked) : Table{}}, {"version2modT", Table{}}};
  auto text = serialized("timestampFn", List{false}, 0, Place::top) + serialized("mrcT", rc, 0, Place::top) + "\n" +
              serialized("mrcMpathT", rc_tables, 0, Place::top) + serialized_around("spiderT", spider, 0, Place::top) +
              serialized("mpathMapT", map, 0, Place::top) + "\n";
  if (const auto why = syntax_error(text)) throw_unreadable(walked, *why);
  return text;
}

}  // namespace cairn::module
