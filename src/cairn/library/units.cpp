// SPDX-License-Identifier: Apache-2.0
//
// Units are formed in five steps: installed prefixes are found by their `easybuild` directory, by the modulefiles that
// name them, or by the mapping's patterns; each modulefile finds its prefix; category links and ebfiles_repo entries
// follow their modulefile and prefix; shared data becomes units of its own; what is left is the rest.
#include <cairn/library/units.hpp>

#include <cairn/base/error.hpp>
#include <cairn/os/beneath.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include <dirent.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <sys/stat.h>

namespace cairn::library {
namespace {

constexpr std::string_view software_directory = "software";
constexpr std::string_view data_directory = "data";
constexpr std::string_view modules_directory = "modules";
constexpr std::string_view featured_directory = "modules/featured";
constexpr std::string_view ebfiles_directory = "ebfiles_repo";
/// Names below `software` before a prefix is given up on: hierarchical schemes need six.
constexpr int deepest_prefix = 8;
/// Aliases of aliases are followed this far: they may lead in circles.
constexpr int longest_alias_chain = 16;

std::string join(const std::string& directory, std::string_view name)
{
  return directory.empty() ? std::string(name) : fmt::format("{}/{}", directory, name);
}

std::string_view parent_of(std::string_view path)
{
  const auto slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view{} : path.substr(0, slash);
}

bool lies_in(std::string_view path, std::string_view directory)
{
  return path.size() > directory.size() && path.starts_with(directory) && path[directory.size()] == '/';
}

bool matches(const std::vector<std::string>& patterns, const std::string& path)
{
  return std::ranges::any_of(patterns, [&](const auto& pattern) { return ::fnmatch(pattern.c_str(), path.c_str(), 0) == 0; });
}

/// As many slashes in the pattern as in the path: `apps/*/*` means exactly three levels.
bool matches_level(const std::vector<std::string>& patterns, const std::string& path)
{
  return std::ranges::any_of(patterns, [&](const auto& pattern) { return ::fnmatch(pattern.c_str(), path.c_str(), FNM_PATHNAME) == 0; });
}

class Former {
public:
  Former(int tree, const module::Tree& modules, const std::string& target, const Mapping& mapping,
         const std::vector<std::string>& excludes, const Task& task)
      : tree_(tree), modules_(modules), target_(target), mapping_(mapping), excludes_(excludes), task_(task)
  {
  }

  Units form()
  {
    find_prefixes();
    place_modulefiles();
    place_index();
    place_links();
    place_ebfiles();
    find_shared();
    resolve_dependencies();
    find_rest();
    return finish();
  }

private:
  /// `path` as the tree sees it, when it lies at or below the target.
  [[nodiscard]] std::optional<std::string> in_tree(std::string_view path) const
  {
    if (path == target_) return std::string{};
    if (!lies_in(path, target_)) return std::nullopt;
    std::string relative(path.substr(target_.size() + 1));
    while (relative.ends_with('/')) relative.pop_back();
    return relative;
  }

  [[nodiscard]] std::vector<DirectoryEntry> list(const std::string& path)
  {
    task_.check();
    try {
      const auto fd = open_beneath(tree_, path, O_RDONLY | O_DIRECTORY, path);
      auto entries = list_directory(fd.get(), path);
      for (auto& entry : entries)
        if (entry.type == DT_UNKNOWN) entry.type = static_cast<unsigned char>(IFTODT(stat_at(fd.get(), entry.name, join(path, entry.name)).st_mode));
      return entries;
    } catch (const Error& error) {
      if (error.code() == Errc::permission) out_.problems.push_back({path, "cannot read the directory: permission denied; run as its owner, or exclude it"});
      else if (error.code() != Errc::not_found) throw;
      return {};
    }
  }

  Unit& unit(const std::string& name, UnitKind kind = UnitKind::software)
  {
    auto& unit = units_[name];
    if (unit.name.empty()) {
      unit.name = name;
      unit.kind = kind;
    }
    return unit;
  }

  void give(Unit& unit, const std::string& root)
  {
    unit.roots.push_back(root);
    owner_[root] = unit.name;
  }

  // 1. Prefixes.

  void find_prefixes()
  {
    for (const auto& modulefile : modules_.modulefiles) {
      if (modulefile.root)
        if (const auto path = in_tree(*modulefile.root)) named_.insert(*path);
    }
    look_for_prefixes(std::string(software_directory), 0);
    look_for_prefixes(std::string(data_directory), 0);
    if (!mapping_.prefixes.empty()) look_for_mapped(std::string{}, 0);
  }

  /// Whether a prefix lies at or below `path`.
  bool look_for_prefixes(const std::string& path, int depth)
  {
    bool found = false;
    for (const auto& entry : list(path)) {
      const auto child = join(path, entry.name);
      if (entry.type != DT_DIR || matches(excludes_, child)) continue;
      // `software/N` itself is no prefix, unless a modulefile says so.
      const bool installed = depth >= 1 && has_easybuild_directory(child);
      if (installed || named_.contains(child)) {
        add_prefix(child, child.substr(child.find('/') + 1));
        found = true;
      } else if (depth < deepest_prefix) {
        found = look_for_prefixes(child, depth + 1) || found;
      }
    }
    return found;
  }

  void look_for_mapped(const std::string& path, int depth)
  {
    for (const auto& entry : list(path)) {
      const auto child = join(path, entry.name);
      if (entry.type != DT_DIR || prefixes_.contains(child) || matches(excludes_, child)) continue;
      if (matches_level(mapping_.prefixes, child)) {
        // `apps/Foo/1.0` is Foo/1.0, as a modulefile would call it.
        const auto slash = child.find('/');
        add_prefix(child, slash == std::string::npos ? child : child.substr(slash + 1));
      } else if (depth < deepest_prefix) {
        look_for_mapped(child, depth + 1);
      }
    }
  }

  [[nodiscard]] bool has_easybuild_directory(const std::string& path)
  {
    struct stat status {};
    return ::fstatat(tree_, (path + "/easybuild").c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(status.st_mode);
  }

  void add_prefix(const std::string& path, std::string name)
  {
    if (units_.contains(name)) name = path;  // software/N/V and data/N/V both
    auto& owner = unit(name);
    give(owner, path);
    prefixes_[path] = name;
    for (const auto& entry : list(path + "/easybuild"))
      if (entry.name.ends_with(".eb")) easyconfigs_[entry.name] = name;
  }

  [[nodiscard]] std::optional<std::string> prefix_unit(std::string_view path) const
  {
    for (; !path.empty(); path = parent_of(path))
      if (const auto found = prefixes_.find(std::string(path)); found != prefixes_.end()) return found->second;
    return std::nullopt;
  }

  // 2. Modulefiles.

  void place_modulefiles()
  {
    for (std::size_t i = 0; i < modules_.modulefiles.size(); ++i) {
      const auto& modulefile = modules_.modulefiles[i];
      auto& owner = unit(unit_of(modulefile));
      give(owner, modulefile.path);
      owner.modulefiles.push_back(i);
      providers_[modulefile.full_name][modulefile.modulepath] = i;
    }
  }

  [[nodiscard]] std::string unit_of(const module::Modulefile& modulefile) const
  {
    // Its own word first, then its name (hidden ones without their dots), then where its paths lead.
    if (modulefile.root)
      if (const auto path = in_tree(*modulefile.root))
        if (const auto found = prefix_unit(*path)) return *found;
    for (const auto& candidate : {modulefile.full_name, without_dots(modulefile.full_name), name_below_all(modulefile.path)})
      if (units_.contains(candidate)) return candidate;
    for (const auto& prefix : modulefile.prefixes)
      if (const auto path = in_tree(prefix))
        if (const auto found = prefix_unit(*path)) return *found;
    return name_below_all(modulefile.path);
  }

  static std::string without_dots(std::string_view name)
  {
    std::string out;
    for (std::size_t i = 0; i < name.size(); ++i)
      if (name[i] != '.' || (i > 0 && name[i - 1] != '/')) out += name[i];
    return out;
  }

  /// `modules/all/Compiler/GCC/12/zlib/1.lua` -> `Compiler/GCC/12/zlib/1`: what hierarchical schemes call the prefix too.
  [[nodiscard]] std::string name_below_all(const std::string& path) const
  {
    std::string_view name = path;
    for (const std::string_view top : {"modules/all/", "modules/"})
      if (name.starts_with(top)) {
        name.remove_prefix(top.size());
        break;
      }
    if (name.ends_with(".lua")) name.remove_suffix(4);
    return std::string(name);
  }

  // 3. The index, links, ebfiles_repo.

  void place_index()
  {
    for (const auto& file : modules_.default_files) index_.insert(file.path);
    struct stat status {};
    if (::fstatat(tree_, std::string(featured_directory).c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(status.st_mode))
      index_.insert(std::string(featured_directory));
  }

  /// Symbolic links below `modules` that stand for a modulefile go with it.
  void place_links() { place_links_below(std::string(modules_directory)); }

  void place_links_below(const std::string& path)
  {
    for (const auto& entry : list(path)) {
      const auto child = join(path, entry.name);
      if (index_.contains(child) || owner_.contains(child)) continue;
      if (entry.type == DT_DIR) place_links_below(child);
      if (entry.type != DT_LNK) continue;
      const auto directory = open_beneath(tree_, path, O_RDONLY | O_DIRECTORY, path);
      const auto target = read_link_at(directory.get(), entry.name, child);
      const auto inside = target.starts_with('/') ? in_tree(target) : resolve(path, target);
      if (!inside) continue;
      if (index_.contains(*inside)) index_.insert(child);
      if (const auto owner = owner_.find(*inside); owner != owner_.end()) give(units_.at(owner->second), child);
    }
  }

  /// A relative link's text, taken from `directory`; nothing when it leaves the tree.
  static std::optional<std::string> resolve(std::string directory, std::string_view target)
  {
    while (!target.empty()) {
      const auto slash = target.find('/');
      const auto part = target.substr(0, slash);
      target = slash == std::string_view::npos ? std::string_view{} : target.substr(slash + 1);
      if (part.empty() || part == ".") continue;
      if (part != "..") {
        directory = join(directory, part);
      } else {
        if (directory.empty()) return std::nullopt;
        directory = parent_of(directory);
      }
    }
    return directory;
  }

  void place_ebfiles()
  {
    for (const auto& name : list(std::string(ebfiles_directory))) {
      if (name.type != DT_DIR) continue;
      const auto directory = join(std::string(ebfiles_directory), name.name);
      for (const auto& file : list(directory)) {
        const auto found = easyconfigs_.find(file.name);
        if (file.type == DT_REG && found != easyconfigs_.end()) give(units_.at(found->second), join(directory, file.name));
      }
    }
  }

  // 4. Shared data.

  void find_shared()
  {
    for (const auto& name : list(std::string(data_directory))) {
      if (name.type != DT_DIR) continue;
      const auto directory = join(std::string(data_directory), name.name);
      if (owner_.contains(directory)) continue;
      for (const auto& entry : list(directory)) share(directory, join(directory, entry.name));
    }
    if (!mapping_.shared.empty()) look_for_shared(std::string{}, 0);
  }

  void share(const std::string& name, const std::string& root)
  {
    if (owner_.contains(root) || holds_roots(root) || matches(excludes_, root)) return;
    // A module may be called as the directory is.
    const auto taken = units_.find(name);
    const bool is_ours = taken == units_.end() || taken->second.kind == UnitKind::shared;
    give(unit(is_ours ? name : name + "-shared", UnitKind::shared), root);
  }

  void look_for_shared(const std::string& path, int depth)
  {
    for (const auto& entry : list(path)) {
      const auto child = join(path, entry.name);
      if (entry.type != DT_DIR || owner_.contains(child)) continue;
      if (matches_level(mapping_.shared, child)) share(child, child);
      else if (depth < deepest_prefix) look_for_shared(child, depth + 1);
    }
  }

  /// Whether a unit's or the index's root lies strictly below `path`.
  [[nodiscard]] bool holds_roots(const std::string& path) const
  {
    const auto below = path + "/";
    const auto root = owner_.lower_bound(below);
    if (root != owner_.end() && root->first.starts_with(below)) return true;
    const auto index = index_.lower_bound(below);
    return index != index_.end() && index->starts_with(below);
  }

  // 5. Dependencies.

  void resolve_dependencies()
  {
    for (const auto& modulefile : modules_.modulefiles)
      for (const auto& added : modulefile.modulepaths)
        if (const auto path = in_tree(added)) adders_[*path].insert(modulefile.modulepath);
    for (auto& [name, unit] : units_) {
      std::set<std::string> found;
      std::set<std::string> missing;
      for (const auto index : unit.modulefiles) resolve(modules_.modulefiles[index], found, missing);
      found.erase(name);
      unit.dependencies.assign(found.begin(), found.end());
      unit.missing.assign(missing.begin(), missing.end());
    }
  }

  void resolve(const module::Modulefile& modulefile, std::set<std::string>& found, std::set<std::string>& missing) const
  {
    using Kind = module::Dependency::Kind;
    auto reach = reach_of(modulefile.modulepath);
    for (const auto& dependency : modulefile.dependencies) {
      if (dependency.kind == Kind::conflict) continue;
      if (const auto provider = provider_of(dependency.name, reach)) {
        const auto& provided = modules_.modulefiles[*provider];
        found.insert(owner_.at(provided.path));
        // What it adds to MODULEPATH is in reach of the next one.
        for (const auto& added : provided.modulepaths)
          if (const auto path = in_tree(added)) reach.push_back(*path);
      } else if (dependency.kind != Kind::try_load) {
        missing.insert(dependency.name);
      }
    }
  }

  /// The MODULEPATH directories that are in force where a module of `modulepath` is loaded, nearest first: its own, those
  /// of the modules that add it, and so on. Two compilers of a hierarchy have modules of one name in different ones.
  [[nodiscard]] std::vector<std::string> reach_of(const std::string& modulepath) const
  {
    std::vector<std::string> reach{modulepath};
    for (std::size_t i = 0; i < reach.size(); ++i)
      if (const auto adders = adders_.find(reach[i]); adders != adders_.end())
        for (const auto& from : adders->second)
          if (std::ranges::find(reach, from) == reach.end()) reach.push_back(from);
    return reach;
  }

  /// Index of the modulefile that `module` means for who has `reach`.
  [[nodiscard]] std::optional<std::size_t> provider_of(const std::string& module, const std::vector<std::string>& reach,
                                                       int aliases_left = longest_alias_chain) const
  {
    if (const auto found = providers_.find(module); found != providers_.end()) {
      for (const auto& modulepath : reach)
        if (const auto here = found->second.find(modulepath); here != found->second.end()) return here->second;
      return found->second.rbegin()->second;  // not in reach: a guess is better than to ship without it
    }
    for (const auto& alias : modules_.aliases)
      if (alias.name == module && aliases_left > 0) return provider_of(alias.target, reach, aliases_left - 1);
    // A name without version means the default or the newest: the last one in order is a fair guess.
    const auto below = module + "/";
    const auto begin = providers_.lower_bound(below);
    auto last = begin;
    for (auto at = begin; at != providers_.end() && at->first.starts_with(below); ++at) last = at;
    if (begin == providers_.end() || !begin->first.starts_with(below)) return std::nullopt;
    return provider_of(last->first, reach, 0);
  }

  // 6. The rest.

  void find_rest() { find_rest_below(std::string{}); }

  void find_rest_below(const std::string& path)
  {
    for (const auto& entry : list(path)) {
      auto child = join(path, entry.name);
      if (owner_.contains(child) || index_.contains(child)) continue;
      if (matches(excludes_, child)) {
        out_.dropped.push_back(std::move(child));
      } else if (entry.type == DT_DIR && holds_roots(child)) {
        find_rest_below(child);
      } else {
        rest_.push_back(std::move(child));
      }
    }
  }

  Units finish()
  {
    if (!rest_.empty()) {
      std::string name = "rest";
      while (units_.contains(name)) name += "-of-the-tree";  // a module may be called so
      auto& rest = unit(name, UnitKind::rest);
      for (const auto& root : rest_) give(rest, root);
    }
    out_.index.assign(index_.begin(), index_.end());
    for (auto& [name, unit] : units_) {
      std::ranges::sort(unit.roots);
      out_.units.push_back(std::move(unit));
    }
    for (const auto& [root, name] : owner_) out_.all_roots.push_back(root);
    out_.all_roots.insert(out_.all_roots.end(), out_.index.begin(), out_.index.end());
    std::ranges::sort(out_.all_roots);
    std::ranges::sort(out_.dropped);
    return std::move(out_);
  }

  int tree_;
  const module::Tree& modules_;
  const std::string& target_;
  const Mapping& mapping_;
  const std::vector<std::string>& excludes_;
  const Task& task_;

  std::set<std::string> named_;                     ///< what modulefiles call their root
  std::map<std::string, Unit> units_;               ///< by name
  std::map<std::string, std::string> owner_;        ///< root -> unit
  std::map<std::string, std::string> prefixes_;     ///< prefix -> unit
  std::map<std::string, std::string> easyconfigs_;  ///< `N-V.eb` -> unit
  std::map<std::string, std::map<std::string, std::size_t>> providers_;  ///< full name -> modulepath -> modulefile
  std::map<std::string, std::set<std::string>> adders_;  ///< modulepath -> modulepaths of the modules that add it
  std::set<std::string> index_;
  std::vector<std::string> rest_;
  Units out_;
};

}  // namespace

Units form_units(int tree, const module::Tree& modules, const std::string& target, const Mapping& mapping,
                 const std::vector<std::string>& excludes, const Task& task)
{
  return Former(tree, modules, target, mapping, excludes, task).form();
}

}  // namespace cairn::library
