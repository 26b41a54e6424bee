// SPDX-License-Identifier: Apache-2.0
#include <cairn/library/lint_modules.hpp>

#include <cairn/base/error.hpp>
#include <cairn/os/beneath.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include <fcntl.h>

namespace cairn::library {
namespace {

class ModuleLint {
public:
  ModuleLint(const LintPlace& place, const module::Tree& modules, const Units& units, const Mapping& mapping)
      : place_(place), modules_(modules), units_(units), mapping_(mapping)
  {
    for (const auto& modulefile : modules.modulefiles) by_name_[modulefile.full_name].push_back(&modulefile);
    for (const auto& unit : units.units) found_.emplace(unit.name, Findings(unit.name));
  }

  std::vector<LintFinding> run()
  {
    for (const auto& unit : units_.units) {
      if (unit.kind == UnitKind::rest) {
        rest(unit);
        continue;
      }
      for (const auto index : unit.modulefiles) modulefile(unit, modules_.modulefiles[index]);
    }
    for (const auto& file : modules_.default_files)
      if (file.error) tree_.add(Severity::error, "broken-modulefile", file.path, *file.error, "mend it: Lmod cannot tell defaults and aliases from it");
    for (const auto& warning : modules_.warnings)
      tree_.add(Severity::warning, "module-names", {}, warning, "make the names clear, or users get a module that they did not ask for");
    for (const auto& problem : units_.problems) tree_.add(Severity::error, "unshippable", problem.path, problem.what, "cairn split stops here");
    duplicates();
    mapped_names();

    auto out = tree_.take();
    for (auto& [name, findings] : found_)
      for (auto& finding : findings.take()) out.push_back(std::move(finding));
    return out;
  }

private:
  void modulefile(const Unit& unit, const module::Modulefile& modulefile)
  {
    auto& found = found_.at(unit.name);
    if (modulefile.error)
      found.add(Severity::error, "broken-modulefile", modulefile.path, *modulefile.error, "mend or exclude it: 'module load' fails too");
    if (!modulefile.impure.empty()) {
      found.add(Severity::note, "impure-modulefile", modulefile.path,
                fmt::format("asks for the host: {}", fmt::join(modulefile.impure, ", ")),
                "what it says on another machine may differ from what cairn and the spider cache say; write constants where you can");
    }
    dependencies(unit, modulefile, found);
    root(modulefile, found);
    paths(modulefile, found);
  }

  void dependencies(const Unit& unit, const module::Modulefile& modulefile, Findings& found)
  {
    std::set<std::string> said;
    for (const auto& dependency : modulefile.dependencies) {
      using Kind = module::Dependency::Kind;
      if (dependency.kind == Kind::conflict || dependency.kind == Kind::try_load) continue;
      if (!std::ranges::binary_search(unit.missing, dependency.name) || !said.insert(dependency.name).second) continue;
      found.add(Severity::error, "missing-dependency", modulefile.path,
                fmt::format("needs {}, which the tree does not have", printable(dependency.name)), missing_advice(dependency.name));
    }
  }

  [[nodiscard]] std::string missing_advice(const std::string& name) const
  {
    const auto below = name.substr(0, name.find('/')) + "/";
    std::vector<std::string> near;
    for (auto at = by_name_.lower_bound(below); at != by_name_.end() && at->first.starts_with(below); ++at) near.push_back(at->first);
    constexpr std::size_t most_named = 5;
    const auto more = near.size() > most_named ? ", …" : "";
    if (near.size() > most_named) near.resize(most_named);
    if (near.empty()) return "install it, or take the dependency out of the modulefile";
    return fmt::format("install it, or name one that is there ({}{})", fmt::join(near, ", "), more);
  }

  void root(const module::Modulefile& modulefile, Findings& found)
  {
    if (!modulefile.root || !modulefile.root->starts_with('/')) return;
    const auto path = plain_path(*modulefile.root);
    if (const auto inside = place_.in_tree(path)) {
      if (!is_there(*inside))
        found.add(Severity::error, "missing-root", modulefile.path, fmt::format("its software should be in {}, where nothing is", printable(path)),
                  "install it again, or remove the modulefile");
      return;
    }
    if (is_system_path(path)) {
      found.add(Severity::note, "foreign-root", modulefile.path, fmt::format("its software is the system's, in {}", printable(path)),
                "have the same software in every image that uses the module");
    } else {
      found.add(Severity::warning, "foreign-root", modulefile.path, fmt::format("its software is in {}, outside the tree", printable(path)),
                fmt::format("install it below {}, or have that path wherever the module is used", place_.target));
    }
  }

  /// Other directories that it puts into the environment.
  void paths(const module::Modulefile& modulefile, Findings& found)
  {
    for (const auto& prefix : modulefile.prefixes) {
      const auto path = plain_path(prefix);
      if (!path.starts_with('/') || is_system_path(path) || place_.in_tree(path)) continue;
      if (modulefile.root && (path == plain_path(*modulefile.root) || path.starts_with(plain_path(*modulefile.root) + "/"))) continue;
      found.add_alike(Severity::warning, "foreign-path", modulefile.path, fmt::format("sets {} in the environment, outside the tree", printable(path)),
                      "take it out, or have that path wherever the module is used");
    }
    for (const auto& modulepath : modulefile.modulepaths) {
      const auto path = plain_path(modulepath);
      if (!path.starts_with('/') || place_.in_tree(path)) continue;
      found.add_alike(Severity::warning, "foreign-path", modulefile.path, fmt::format("adds {} to MODULEPATH, outside the tree", printable(path)),
                      "modules there are not shipped; split that tree too, or take it out");
    }
  }

  [[nodiscard]] bool is_there(const std::string& path) const
  {
    return path.empty() || follow(place_, {}, path).kind == LinkEnd::Kind::inside;
  }

  void rest(const Unit& unit)
  {
    auto& found = found_.at(unit.name);
    for (const auto& root : unit.roots) {
      if (root.starts_with("software/") && is_directory_itself(root)) {
        found.add(Severity::warning, "partial-install", root, "no modulefile names it and it has no easybuild directory",
                  "remove it if an installation failed here; give it a modulefile, or name it under 'prefixes' in library.yaml, if it is used");
      } else {
        found.add(Severity::note, "no-unit", root, "belongs to no module; it is shipped in the unit 'rest'",
                  "exclude it if nobody needs it; 'shared' or 'prefixes' in library.yaml make it a unit of its own");
      }
    }
  }

  [[nodiscard]] bool is_directory_itself(const std::string& path) const
  {
    try {
      return static_cast<bool>(open_beneath(place_.tree, path, O_PATH | O_DIRECTORY, path));
    } catch (const Error&) {
      return false;
    }
  }

  /// Two modulefiles that one `module load` could mean. In a hierarchy only the roots are in MODULEPATH at once.
  void duplicates()
  {
    for (const auto& [name, files] : by_name_) {
      std::vector<const module::Modulefile*> rivals;
      for (const auto* file : files)
        if (std::ranges::find(modules_.modulepath, file->modulepath) != modules_.modulepath.end()) rivals.push_back(file);
      if (rivals.size() < 2) continue;
      // Lmod: the first directory of MODULEPATH wins, and in one directory `.lua` before what has no suffix.
      std::ranges::stable_sort(rivals, [&](const auto* a, const auto* b) { return rank(*a) < rank(*b); });
      const auto& winner = *rivals.front();
      for (const auto* loser : std::span(rivals).subspan(1))
        tree_.add(Severity::warning, "duplicate-module", loser->path,
                  fmt::format("{} is also in {}, which wins", printable(name), printable(winner.path)), "remove one of the two");
    }
  }

  [[nodiscard]] std::pair<std::ptrdiff_t, int> rank(const module::Modulefile& file) const
  {
    return {std::ranges::find(modules_.modulepath, file.modulepath) - modules_.modulepath.begin(), file.language == module::Language::lua ? 0 : 1};
  }

  void mapped_names()
  {
    const auto known = [&](const std::string& module) {
      if (by_name_.contains(module)) return true;
      if (std::ranges::any_of(modules_.aliases, [&](const auto& alias) { return alias.name == module; })) return true;
      const auto below = by_name_.lower_bound(module + "/");
      return below != by_name_.end() && below->first.starts_with(module + "/");
    };
    for (const auto& module : mapping_.featured)
      if (!known(module))
        tree_.add(Severity::warning, "unknown-module", {}, fmt::format("library.yaml features {}, which the tree does not have", printable(module)),
                  "correct the name, or take it out of the list");
    for (const auto& [module, text] : mapping_.descriptions)
      if (!known(module))
        tree_.add(Severity::warning, "unknown-module", {}, fmt::format("library.yaml describes {}, which the tree does not have", printable(module)),
                  "correct the name, or take it out of the list");
    for (const auto& [module, requirement] : mapping_.requirements)
      if (!known(module))
        tree_.add(Severity::warning, "unknown-module", {}, fmt::format("library.yaml says what {} needs, which the tree does not have", printable(module)),
                  "correct the name, or take it out of the list");
  }

  const LintPlace& place_;
  const module::Tree& modules_;
  const Units& units_;
  const Mapping& mapping_;
  Findings tree_;
  std::map<std::string, Findings> found_;  ///< by unit
  std::map<std::string, std::vector<const module::Modulefile*>> by_name_;
};

}  // namespace

std::vector<LintFinding> lint_modules(const LintPlace& place, const module::Tree& modules, const Units& units, const Mapping& mapping)
{
  return ModuleLint(place, modules, units, mapping).run();
}

}  // namespace cairn::library
