// SPDX-License-Identifier: Apache-2.0
#include <cairn/module/spider_cache.hpp>

#include <cairn/base/error.hpp>
#include <cairn/io/hash.hpp>
#include <cairn/module/lua_sandbox.hpp>
#include <cairn/module/value.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace cairn::module {
namespace {

constexpr std::int64_t cache_version = 5;
constexpr std::size_t node_indent = 4;  // spiderT, MODULEPATH directory, module

std::int64_t lua_extension(const std::string& base) { return static_cast<std::int64_t>(base.size()) - 3; }

Table mark_table(const DefaultMark& mark, std::string_view target, std::string_view path)
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

Table entry_table(const Entry& entry, const EntryPlace& place)
{
  const bool is_meta = place.is_meta;
  Table out{{"fn", fmt::format("{}/{}", place.target, entry.file.path)}, {"mpath", place.path}, {"pV", entry.parsed}, {"wV", entry.weight}};
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

constexpr std::size_t level_indent = 4;  // dirT and a level in it, or fileT and an entry

enum class Entries { with, without };

void append_node(std::string& out, const std::string& name, const Node& node, const EntryPlace& place, Entries with)
{
  const auto indent = node_indent + level_indent * place.level;
  List marks;
  for (const auto& mark : node.marks) marks.emplace_back(mark_table(mark, place.target, place.path));
  auto below = place;
  ++below.level;
  append_around(out, name, indent, Place::nested, [&](std::string& text) {
    text += serialized("defaultA", std::move(marks), indent + 2, Place::nested);
    text += serialized("defaultT", node.marked ? mark_table(*node.marked, place.target, place.path) : Table{}, indent + 2, Place::nested);
    append_around(text, "dirT", indent + 2, Place::nested, [&](std::string& levels) {
      for (const auto& [full_name, level] : node.levels) append_node(levels, full_name, level, below, with);
    });
    append_around(text, "fileT", indent + 2, Place::nested, [&](std::string& entries) {
      if (with == Entries::with)
        for (const auto& [full_name, entry] : node.entries) entries += entry.text;
    });
  });
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

}  // namespace

std::string entry_text(const Entry& entry, const EntryPlace& place)
{
  const auto indent = node_indent + level_indent * (place.level + 1);
  auto text = serialized(entry.full_name, entry_table(entry, place), indent, Place::nested);
  // As deep in tables as it will be.
  const auto depth = indent / 2;
  if (const auto why = syntax_error(fmt::format("x = {}{}{}\n", std::string(depth, '{'), text, std::string(depth, '}'))))
    throw Error(Errc::io, fmt::format("{}: Lua cannot read its spider cache entry: {}", printable(entry.full_name), *why));
  return text;
}

Digest entry_digest(const Entry& entry, const EntryPlace& place, const Digest& script)
{
  return sha256(fmt::format("{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n", script.str(), entry.file.path, entry.full_name, entry.parsed,
                            entry.weight, entry.version ? "/" + *entry.version : "", entry.file.is_default, place.target, place.path,
                            place.is_meta, place.level));
}

std::map<std::string, Shard> make_shards(const std::map<std::string, Node>& nodes, const std::string& target, const std::string& path,
                                         const std::function<std::string(const std::string&)>& modulepath_at_target)
{
  std::map<std::string, Shard> units;
  for (const auto& [name, node] : nodes) {
    auto& shard = units[name.substr(0, name.find('/'))];
    if (!name.starts_with("__")) {
      const EntryPlace place{target, path, node.is_meta, 0};
      append_node(shard.nodes[name], name, node, place, Entries::with);
      append_node(shard.frames, name, node, place, Entries::without);
    }
    collect_modulepaths(node, modulepath_at_target, shard);
  }
  return units;
}

std::string merge(const std::vector<ModulepathShards>& walked)
{
  std::map<std::string, std::map<std::string, const Shard*>> modules;  // of MODULEPATH directories, by module
  Table rc_tables;
  std::map<std::string, std::map<std::string, std::string>> adders;
  bool any = false;
  std::size_t bytes = 0;
  for (const auto& one : walked) {
    auto& nodes = modules[one.path];
    for (const auto& [unit, shard] : one.units) {
      for (const auto& [name, text] : shard.nodes) {
        nodes.emplace(name, &shard);
        bytes += text.size();
      }
      for (const auto& [added, full_name] : shard.modulepaths) adders[added][full_name] = one.path;
    }
    any = any || !nodes.empty();
    Table rc;
    if (!one.rc.alias2mod.empty()) rc.emplace("alias2modT", texts(one.rc.alias2mod));
    if (!one.rc.hidden.empty()) rc.emplace("hiddenT", truths(one.rc.hidden));
    if (!one.rc.version2mod.empty()) rc.emplace("version2modT", texts(one.rc.version2mod));
    if (!rc.empty()) rc_tables.emplace(one.path, std::move(rc));
  }
  Table map;
  for (const auto& [added, by_name] : adders) map.emplace(added, texts(by_name));
  const Table rc{{"alias2modT", Table{}}, {"hiddenT", any ? hidden_table(walked) : Table{}}, {"version2modT", Table{}}};

  const auto around = [&](std::size_t size, const std::function<void(std::string&)>& spider) {
    std::string out;
    out.reserve(size);
    out += serialized("timestampFn", List{false}, 0, Place::top) + serialized("mrcT", rc, 0, Place::top) + "\n" +
           serialized("mrcMpathT", rc_tables, 0, Place::top);
    append_around(out, "spiderT", 0, Place::top, spider);
    out += serialized("mpathMapT", map, 0, Place::top) + "\n";
    return out;
  };
  // The entries were checked alone: a check of all would take longer than the evaluation of a few.
  const auto check = around(0, [&](std::string& out) {
    append_around(out, "frames", 2, Place::nested, [&](std::string& frames) {
      for (const auto& one : walked)
        for (const auto& [unit, shard] : one.units) frames += shard.frames;
    });
  });
  if (const auto why = syntax_error(check)) throw Error(Errc::io, fmt::format("Lua cannot read the spider cache: {}", *why));

  const auto version = fmt::format("  version = {},\n", cache_version);
  return around(bytes + bytes / 8, [&](std::string& out) {
    bool versioned = false;
    for (const auto& [path, nodes] : modules) {
      if (!versioned && path > "version") out += version;
      versioned = versioned || path > "version";
      append_around(out, path, 2, Place::nested, [&](std::string& body) {
        for (const auto& [name, shard] : nodes) body += shard->nodes.at(name);
      });
    }
    if (!versioned) out += version;
  });
}

}  // namespace cairn::module
