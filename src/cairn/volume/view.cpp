// SPDX-License-Identifier: Apache-2.0
#include <cairn/volume/view.hpp>

#include <cairn/base/error.hpp>
#include <cairn/layer/skeleton.hpp>
#include <cairn/library/library.hpp>
#include <cairn/os/beneath.hpp>
#include <cairn/os/parallel.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <future>
#include <set>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace cairn::volume {
namespace {

constexpr std::uint32_t directory_mode = 0775;

std::string_view parent_of(std::string_view path)
{
  const auto slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
}

bool is_below(std::string_view path, std::string_view directory)
{
  return directory.empty() || (path.size() > directory.size() && path.starts_with(directory) && path[directory.size()] == '/');
}

/// Whether sorted `paths` has one below `directory`.
template <class Paths>
bool has_below(const Paths& paths, const std::string& directory)
{
  const auto next = paths.lower_bound(directory + "/");
  return next != paths.end() && is_below(*next, directory);
}

/// From a name in the view at `path` to the volume's `units/KEY/inside`.
std::string unit_link(std::string_view path, const std::string& key, const std::string& inside)
{
  std::string text = "../../";  // out of the view, out of generations
  for (auto above = parent_of(path); !above.empty(); above = parent_of(above)) text += "../";
  return fmt::format("{}units/{}/{}", text, key, inside);
}

/// Links for `path`, a directory in `units/KEY/inside`: one, or one for each child where something of others lies below.
void link_directory(const Layout& layout, const std::string& path, const std::string& key, const std::string& inside,
                    const std::set<std::string>& others, ViewLinks& links)
{
  if (!has_below(others, path)) {
    links[path] = unit_link(path, key, inside);
    return;
  }
  const auto shown = layout.shown("units/" + key + "/" + inside);
  const auto dir = open_beneath(layout.units(), key + "/" + inside, O_RDONLY | O_DIRECTORY, shown);
  for (const auto& child : list_directory(dir.get(), shown)) {
    const auto child_path = path + "/" + child.name;
    if (others.contains(child_path)) continue;
    if (has_below(others, child_path)) link_directory(layout, child_path, key, inside + "/" + child.name, others, links);
    else links[child_path] = unit_link(child_path, key, inside + "/" + child.name);
  }
}

struct RootFile {
  std::string path;
  std::string key;
  std::string inside;
};

/// A root that is no directory: a link's own text, or a link to the file.
std::string file_link(const Layout& layout, const RootFile& root)
{
  std::array<char, PATH_MAX> text;
  const auto place = root.key + "/" + root.inside;
  const auto size = ::readlinkat(layout.units(), place.c_str(), text.data(), text.size());
  if (size >= 0) return {text.data(), static_cast<std::size_t>(size)};
  if (errno != EINVAL) throw_errno(errno, printable(layout.shown("units/" + place).native()));
  return unit_link(root.path, root.key, root.inside);
}

/// What a library's index layer has for this view: paths, of directories with a slash at the end.
std::vector<std::string> index_paths(const IndexLayer& index, const std::string& prefix)
{
  std::vector<std::string> paths;
  index.each(prefix, [&](const std::string& path, const tar::Entry& entry, tar::Reader&) {
    paths.push_back(entry.type == tar::Type::directory ? path + "/" : path);
  });
  return paths;
}

/// Prefixes that earlier generations have and this one has not.
void keep_reachable(const Layout& layout, const Generation& generation, const std::vector<Generation>& earlier, ViewLinks& links)
{
  std::set<std::string> taken;
  for (const auto& [path, text] : links) taken.insert(path);
  const auto is_free = [&](const std::string& path) {
    if (taken.contains(path) || has_below(taken, path)) return false;
    for (auto above = parent_of(path); !above.empty(); above = parent_of(above))
      if (taken.contains(std::string(above))) return false;
    return std::ranges::none_of(generation.modulepath,
                                [&](const auto& module) { return module == path || is_below(path, module) || is_below(module, path); });
  };
  for (const auto& old : earlier) {
    for (const auto& unit : old.units) {
      for (std::size_t i = 0; i < unit.roots.size(); ++i) {
        const auto& path = unit.roots[i].path;
        if (!unit.roots[i].is_directory || path.starts_with("modules/") || !is_free(path)) continue;
        struct stat status{};
        if (::fstatat(layout.units(), unit.key.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) continue;
        links[path] = unit_link(path, unit.key, std::to_string(i));
        taken.insert(path);
      }
    }
  }
}

/// The path of the view that a link of the index layer leads to, by its text; nothing when it leads elsewhere.
std::optional<std::string> link_target(const std::string& target, const std::string& path, const std::string& text)
{
  const auto full = text.starts_with('/') ? std::filesystem::path(text) : std::filesystem::path(target) / parent_of(path) / text;
  const auto plain = full.lexically_normal().native();
  if (!plain.starts_with(target + "/")) return std::nullopt;
  return plain.substr(target.size() + 1);
}

class ViewWriter {
public:
  ViewWriter(Staging& staging, const Generation& generation, const ViewLinks& links) : staging_(staging), generation_(generation)
  {
    for (const auto& [path, text] : links) {
      add_parents(path);
      names_.insert(path);
    }
    for (const auto& [path, text] : links) staging_.add_symlink(path, text);
  }

  /// Index entries: of a part of a library only what leads somewhere, and no cache, which would name modules that are not here.
  void add_index(const IndexLayer& index, const std::string& prefix)
  {
    const bool part = !generation_.modules.empty();
    if (part) {
      index.each(prefix, [&](const std::string& path, const tar::Entry& entry, tar::Reader&) {
        if (entry.type == tar::Type::file) names_.insert(path);
      });
    }
    index.each(prefix, [&](const std::string& path, const tar::Entry& entry, tar::Reader& reader) {
      if (part && path.starts_with(".cairn/lmod")) return;
      if (entry.type == tar::Type::directory) return;  // those that are needed follow from what is in them
      if (entry.type == tar::Type::symlink) {
        if (part && !leads_somewhere(path, entry.link)) return;
        add_parents(path);
        staging_.add_symlink(path, entry.link);
      } else if (entry.type == tar::Type::file) {
        add_parents(path);
        // Lmod compares the times of the cache and its timestamp: they are set, always.
        staging_.add_file(path, entry.mode & 0777u, entry.mtime, contents_.read(reader, entry.size_bytes));
      } else {
        throw Error(Errc::bad_input, fmt::format("index layer: {} is neither file, directory nor symbolic link", printable(path)));
      }
    });
  }

private:
  void add_directory(const std::string& path)
  {
    add_parents(path);
    if (directories_.insert(path).second) staging_.add_directory(path, directory_mode);
  }
  void add_parents(std::string_view path)
  {
    if (const auto parent = parent_of(path); !parent.empty()) add_directory(std::string(parent));
  }
  bool leads_somewhere(const std::string& path, const std::string& text) const
  {
    const auto to = link_target(generation_.target, path, text);
    if (!to) return true;
    if (names_.contains(*to) || directories_.contains(*to)) return true;
    for (auto above = parent_of(*to); !above.empty(); above = parent_of(above))
      if (names_.contains(std::string(above))) return true;  // in a unit's directory
    return false;
  }

  Staging& staging_;
  ContentBlocks contents_;
  const Generation& generation_;
  std::set<std::string> names_;
  std::set<std::string> directories_;
};

}  // namespace

ViewLinks plan_view(const Layout& layout, const std::vector<PouredUnit>& units, const std::vector<std::string>& others, std::size_t threads)
{
  std::set<std::string> all;
  for (const auto& path : others) {
    if (!path.ends_with('/')) all.insert(path);
  }
  for (const auto& unit : units)
    for (const auto& root : unit.roots)
      if (!all.insert(root.path).second)
        throw Error(Errc::bad_input, fmt::format("unit {}: its root {} is another unit's too", printable(unit.name), printable(root.path)));
  ViewLinks links;
  std::vector<RootFile> files;
  for (const auto& unit : units) {
    for (std::size_t i = 0; i < unit.roots.size(); ++i) {
      const auto& root = unit.roots[i];
      if (root.is_directory) link_directory(layout, root.path, unit.key, std::to_string(i), all, links);
      else files.push_back({root.path, unit.key, std::to_string(i)});
    }
  }
  std::vector<std::string> texts(files.size());
  parallel_for(files.size(), threads, [&](std::size_t i) { texts[i] = file_link(layout, files[i]); });
  for (std::size_t i = 0; i < files.size(); ++i) links[files[i].path] = std::move(texts[i]);
  return links;
}

void write_view(const Layout& layout, const Generation& generation, const IndexLayer& index, const std::vector<Generation>& earlier,
                const WriterLimits& limits)
{
  const auto prefix = layer::archive_prefix(generation.target);
  auto links = plan_view(layout, generation.units, index_paths(index, prefix), limits.writers);
  keep_reachable(layout, generation, earlier, links);
  const auto name = generation.id + std::string(part_suffix);
  const auto shown = layout.shown("generations/" + name);
  if (::mkdirat(layout.generations(), name.c_str(), directory_mode) != 0) throw_errno(errno, printable(shown.native()));
  auto one_lane = limits;
  one_lane.lanes = 1;
  std::promise<void> done;  // outlives the writers
  Writers writers(one_lane);
  const auto staging = writers.stage(open_beneath(layout.generations(), name, O_RDONLY | O_DIRECTORY, shown), 0,
                                     "generation " + generation.id, [&] { done.set_value(); });
  ViewWriter view(*staging, generation, links);
  view.add_index(index, prefix);
  staging->close();
  const auto finished = done.get_future();
  while (finished.wait_for(std::chrono::milliseconds(50)) != std::future_status::ready) writers.check();
  writers.check();
  if (::syncfs(layout.generations()) != 0) throw_errno(errno, printable(shown.native()));
}

}  // namespace cairn::volume
