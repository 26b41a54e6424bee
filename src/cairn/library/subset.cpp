// SPDX-License-Identifier: Apache-2.0
#include <cairn/library/subset.hpp>

#include <cairn/base/error.hpp>
#include <cairn/io/stream.hpp>
#include <cairn/layer/contents.hpp>
#include <cairn/layer/skeleton.hpp>
#include <cairn/library/index.hpp>
#include <cairn/module/lua_sandbox.hpp>
#include <cairn/module/tree.hpp>
#include <cairn/os/beneath.hpp>
#include <cairn/tar/extract.hpp>
#include <cairn/tar/reader.hpp>
#include <cairn/tar/whiteout.hpp>
#include <cairn/tar/writer.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <utility>

namespace cairn::library {
namespace {

std::string directory_of(const std::string& path)
{
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? std::string() : path.substr(0, slash);
}

/// Where the link leads, relative to the target; nothing when that is outside.
std::optional<std::string> led_to(const SmallFile& link, const std::string& target)
{
  const auto& text = link.entry.link;
  if (text.starts_with('/')) return text.starts_with(target + "/") ? std::optional(text.substr(target.size() + 1)) : std::nullopt;
  const auto path = (std::filesystem::path(directory_of(link.entry.path)) / text).lexically_normal().native();
  return path.starts_with("..") ? std::nullopt : std::optional(path);
}

std::set<std::string> module_paths(const Document& document)
{
  std::set<std::string> paths;
  for (const auto& unit : document.units)
    for (const auto& module : unit.modules) paths.insert(module.path);
  return paths;
}

/// Every directory that holds one of `paths`, at any depth.
std::set<std::string> directories_above(const std::set<std::string>& paths)
{
  std::set<std::string> directories;
  for (const auto& path : paths)
    for (auto slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1))
      directories.insert(path.substr(0, slash));
  return directories;
}

/// Lay `files` below `root`. As a layer, so that no link among them leads out of it.
void lay_out(const std::vector<SmallFile>& files, const std::vector<std::string>& directories, const std::filesystem::path& root,
             const Task& task)
{
  MemorySink bytes;
  tar::Writer writer(bytes);
  for (const auto& path : directories) {
    tar::Entry entry;
    entry.type = tar::Type::directory;
    entry.path = path;
    entry.mode = 0755;
    writer.add(entry);
  }
  for (const auto& file : files) {
    auto entry = file.entry;
    entry.mode = 0644;
    entry.uid = entry.gid = 0;
    entry.xattrs.clear();
    if (entry.type == tar::Type::file) writer.add(std::move(entry), file.content);
    else writer.add(entry);
  }
  writer.finish();
  MemorySource source(bytes.bytes());
  static_cast<void>(tar::extract_layer(source, root, {}, "index", task));
}

std::vector<SmallFile> relative(std::vector<SmallFile> files, const std::string& prefix)
{
  for (auto& file : files) {
    file.entry.path.erase(0, prefix.size());
    if (file.entry.type == tar::Type::hard_link) file.entry.link.erase(0, prefix.size());
  }
  return files;
}

/// Full names of the modules that add each MODULEPATH directory (relative to the target), and where those lie: Lmod's mpathMapT.
using Openers = std::map<std::string, std::vector<std::pair<std::string, std::string>>>;

std::string below(const std::string& target, const std::string& path)
{
  return path.starts_with(target + "/") ? path.substr(target.size() + 1) : path == target ? std::string() : path;
}

Openers openers(const std::string& target, std::string_view spider_cache)
{
  const auto read = module::run_data(spider_cache);
  const auto map = read.said.find("mpathMapT");
  if (read.error || map == read.said.end())
    throw Error(Errc::bad_input, fmt::format("{}: {}", index_path::spider_cache, read.error.value_or("has no mpathMapT")));
  Openers out;
  if (const auto* opened = std::get_if<module::Table>(&map->second.data))
    for (const auto& [path, value] : *opened)
      if (const auto* by = std::get_if<module::Table>(&value.data))
        for (const auto& [name, where] : *by)
          if (const auto* text = std::get_if<std::string>(&where.data)) out[below(target, path)].emplace_back(name, below(target, *text));
  return out;
}

/// The unit of the module of that full name in that MODULEPATH directory.
const UnitInfo* unit_of(const Document& document, const std::pair<std::string, std::string>& module)
{
  for (const auto& unit : document.units)
    for (const auto& one : unit.modules)
      if (one.name == module.first && one.modulepath == module.second) return &unit;
  return nullptr;
}

}  // namespace

std::vector<std::string> with_openers(const Document& document, std::string_view spider_cache, const std::vector<std::string>& units)
{
  std::set<std::string> wanted(units.begin(), units.end());
  const auto is_root = [&](const std::string& path) { return std::ranges::find(document.modulepath, path) != document.modulepath.end(); };
  std::optional<Openers> known;
  std::vector<std::string> open(units.begin(), units.end());
  while (!open.empty()) {
    const auto* unit = document.unit(open.back());
    open.pop_back();
    if (unit == nullptr) continue;
    for (const auto& module : unit->modules) {
      if (is_root(module.modulepath)) continue;
      if (!known) known = openers(document.target, spider_cache);
      const UnitInfo* opener = nullptr;
      for (const auto& candidate : (*known)[module.modulepath]) {
        const auto* found = unit_of(document, candidate);
        if (found != nullptr && (opener == nullptr || wanted.contains(found->name))) opener = found;
        if (opener != nullptr && wanted.contains(opener->name)) break;
      }
      if (opener == nullptr) continue;  // nobody opens it: a user does by hand
      for (const auto& name : closure(document, {opener->name}))
        if (wanted.insert(name).second) open.push_back(name);
    }
  }
  return {wanted.begin(), wanted.end()};
}

Document subset_document(const Document& document, const std::vector<std::string>& units)
{
  const std::set<std::string> wanted(units.begin(), units.end());
  Document part;
  part.target = document.target;
  part.budget_layers = document.budget_layers;
  part.modulepath = document.modulepath;
  std::set<std::string> names;
  for (const auto& unit : document.units) {
    if (!wanted.contains(unit.name)) continue;
    part.units.push_back(unit);
    names.insert(unit.name);
    for (const auto& module : unit.modules) names.insert(module.name);
  }
  std::set<std::string> aliases;
  for (bool more = true; more;) {  // aliases of aliases
    more = false;
    for (const auto& alias : document.aliases)
      if ((names.contains(alias.target) || aliases.contains(alias.target)) && aliases.insert(alias.name).second) more = true;
  }
  for (const auto& alias : document.aliases)
    if (aliases.contains(alias.name) && (names.contains(alias.target) || aliases.contains(alias.target))) part.aliases.push_back(alias);
  std::ranges::copy_if(document.featured, std::back_inserter(part.featured), [&](const std::string& name) {
    return names.contains(name) || aliases.contains(name) ||
           std::ranges::any_of(names, [&](const std::string& full) { return full.starts_with(name + "/"); });
  });
  if (std::ranges::any_of(part.units, [](const UnitInfo& unit) { return unit.kind == UnitKind::rest; })) part.rest = document.rest;
  return part;
}

std::set<std::string> modulefile_paths(const Document& document)
{
  const auto prefix = layer::archive_prefix(document.target);
  std::set<std::string> paths;
  for (const auto& path : module_paths(document)) paths.insert(fmt::format("{}/{}", prefix, path));
  return paths;
}

IndexFiles read_index_files(const oci::BlobSource& blobs, const Library& library)
{
  const auto prefix = layer::archive_prefix(library.document.target) + "/";
  const auto& descriptor = library.index_layer();
  const auto what = "index layer " + descriptor.digest.str();
  const auto blob = blobs.open(descriptor);
  const auto plain = unpack(*blob, image::codec_of(descriptor), {.plain_bytes = index_limit_bytes}, what);
  IndexFiles out;
  tar::Reader reader(*plain, what);
  while (auto entry = reader.next()) {
    if (entry->type == tar::Type::directory || !entry->path.starts_with(prefix) || tar::whiteout_of(*entry)) continue;
    const bool own = entry->path.starts_with(prefix + std::string(index_path::directory) + "/");
    const bool cache = entry->path == prefix + std::string(index_path::spider_cache);
    if (own && !cache) continue;
    auto file = read_small_file(reader, std::move(*entry), what);
    if (cache) out.spider_cache = std::move(file.content);
    else out.files.push_back(std::move(file));
  }
  read_out(*plain);
  read_out(*blob);
  out.files = relative(std::move(out.files), prefix);
  return out;
}

std::vector<SmallFile> index_files_of(const std::vector<SmallFile>& files, const Document& whole, const Document& part)
{
  const auto all = module_paths(whole);
  const auto kept = module_paths(part);
  const auto used = directories_above(kept);
  const std::set<std::string> roots(part.modulepath.begin(), part.modulepath.end());
  // A link may leave out `.lua`, as Lmod's own do.
  const auto is_in = [](const std::set<std::string>& paths, const std::string& path) {
    return paths.contains(path) || paths.contains(path + ".lua");
  };
  std::vector<SmallFile> out;
  for (const auto& file : files) {
    if (file.entry.type == tar::Type::symlink) {
      const auto path = led_to(file, whole.target);
      if (path && is_in(all, *path)) {
        if (is_in(kept, *path)) out.push_back(file);
        continue;
      }
    }
    const auto directory = directory_of(file.entry.path);
    if (used.contains(directory) || roots.contains(directory)) out.push_back(file);
  }
  return out;
}

bool agrees(std::string_view part_cache, std::string_view whole_cache)
{
  const auto lines = [](std::string_view text) {
    std::set<std::string_view> out;
    while (!text.empty()) {
      const auto line = text.substr(0, text.find('\n'));
      text.remove_prefix(std::min(text.size(), line.size() + 1));
      if (const auto start = line.find_first_not_of(' '); start == std::string_view::npos || !line.substr(start).starts_with("wV = "))
        out.insert(line);
    }
    return out;
  };
  return std::ranges::includes(lines(whole_cache), lines(part_cache));
}

IndexTree::IndexTree(const Document& document, std::vector<SmallFile> files, const std::vector<SmallFile>& modulefiles, const Task& task)
    : document_(document), files_(std::move(files))
{
  auto all = relative(modulefiles, layer::archive_prefix(document.target) + "/");
  all.insert(all.end(), files_.begin(), files_.end());
  lay_out(all, document.modulepath, directory_.path(), task);
}

std::string IndexTree::spider_cache(std::size_t threads, const Task& task) const
{
  return module::evaluate({.tree = directory_.path(), .target = document_.target, .modulepath = document_.modulepath, .threads = threads},
                          task)
      .spider_cache;
}

std::vector<std::byte> IndexTree::index_layer(const std::set<std::string>& removed, std::string spider_cache, const Task& task) const
{
  layer::Skeleton skeleton{.target = document_.target, .removed = removed};
  std::vector<std::string> roots;
  for (const auto& file : files_) {
    roots.push_back(file.entry.path);
    if (const auto directory = directory_of(file.entry.path); !directory.empty()) skeleton.directories.insert(directory);
  }
  std::ranges::sort(roots);
  const auto root = open_root(directory_.path());
  const auto scan = layer::scan(root.get(), roots, {.prefix = layer::archive_prefix(document_.target)}, task);
  if (!scan.problems.empty())
    throw Error(Errc::bad_input, fmt::format("index layer: {}: {}", printable(scan.problems.front().path), scan.problems.front().what));
  return index_bytes(root.get(), {&document_, std::move(skeleton), &scan.contents, std::move(spider_cache)});
}

}  // namespace cairn::library
