// SPDX-License-Identifier: Apache-2.0
#include <cairn/library/lint.hpp>

#include <cairn/base/error.hpp>
#include <cairn/library/lint_finding.hpp>
#include <cairn/library/lint_modules.hpp>
#include <cairn/library/lint_unit.hpp>
#include <cairn/library/source_tree.hpp>
#include <cairn/library/units.hpp>
#include <cairn/module/tree.hpp>
#include <cairn/os/beneath.hpp>
#include <cairn/os/parallel.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <tuple>

namespace cairn::library {
namespace {

/// What exclude patterns leave out: one finding a pattern, since every EasyBuild prefix has a build log.
class Dropped {
public:
  explicit Dropped(const LintPlace& place) : place_(place) {}

  void add(const std::vector<std::string>& paths)
  {
    for (const auto& path : paths) {
      const auto* pattern = place_.excluded(path);
      if (pattern == nullptr) continue;
      auto& group = groups_[*pattern];
      if (group.count++ == 0 || path < group.first) group.first = path;
    }
  }

  void report(Findings& found) const
  {
    for (const auto& [pattern, group] : groups_) {
      const auto text = group.count == 1 ? fmt::format("is left out by the pattern {}", printable(pattern))
                                         : fmt::format("{} paths are left out by the pattern {}", group.count, printable(pattern));
      found.add(Severity::note, "left-out", group.first, text, "nothing; or name the pattern under 'include' in library.yaml");
    }
  }

private:
  struct Group {
    std::uint64_t count = 0;
    std::string first;
  };
  const LintPlace& place_;
  std::map<std::string, Group> groups_;
};

/// Where the modulefiles and the target disagree, one finding says so, and the rest is seen from the modulefiles'
/// side: else every path in the tree would be foreign.
void tree_is_elsewhere(const SourceTree& source, Findings& found)
{
  found.add(Severity::error, "tree-is-elsewhere", {},
            fmt::format("modulefiles say that the tree is at {}, the target is {}", printable(*source.stated), printable(source.target)),
            fmt::format("pass --target {}, or install the tree anew for the other place", *source.stated));
}

}  // namespace

std::string_view name(Severity severity)
{
  switch (severity) {
    case Severity::note: return "note";
    case Severity::warning: return "warning";
    case Severity::error: return "error";
  }
  return "error";
}

std::span<const LintRule> lint_rules()
{
  using enum Severity;
  static constexpr std::array rules{
      LintRule{"broken-modulefile", error, error, "a modulefile or rc file that cannot be evaluated"},
      LintRule{"dangling-link", note, warning, "a symbolic link to nothing, to itself, or to what is left out"},
      LintRule{"duplicate-module", warning, warning, "two modulefiles of one name"},
      LintRule{"file-capability", warning, warning, "a program with capabilities, which are not shipped"},
      LintRule{"foreign-loader", warning, warning, "a program started by a loader outside the tree and the system"},
      LintRule{"foreign-path", warning, warning, "a modulefile that sets paths outside the tree"},
      LintRule{"foreign-root", note, warning, "a modulefile whose software is outside the tree"},
      LintRule{"foreign-rpath", warning, warning, "RPATH or RUNPATH outside the tree and the system, or relative"},
      LintRule{"foreign-shebang", warning, warning, "a script run by a program outside the tree and the system"},
      LintRule{"hard-link", note, note, "a hard link between units, shipped as a copy"},
      LintRule{"impure-modulefile", note, note, "a modulefile that asks for the host"},
      LintRule{"left-out", note, note, "what exclude patterns leave out"},
      LintRule{"link-out-of-tree", note, error, "a symbolic link that leaves the tree"},
      LintRule{"long-shebang", warning, warning, "a script whose first line is too long for Linux"},
      LintRule{"missing-dependency", error, error, "a module that needs one the tree does not have"},
      LintRule{"missing-interpreter", warning, warning, "a script run by a program that the tree should have and does not"},
      LintRule{"missing-root", error, error, "a modulefile whose software is not there"},
      LintRule{"module-names", warning, warning, "names of modules that are not clear"},
      LintRule{"mtime-bound", note, note, "caches that are valid only with their files' times"},
      LintRule{"no-unit", note, note, "what belongs to no module"},
      LintRule{"partial-install", warning, warning, "a prefix that is empty, or that nothing names"},
      LintRule{"set-id", warning, warning, "a set-user-id or set-group-id file, whose bits are not shipped"},
      LintRule{"stale-bytecode", warning, warning, "Python bytecode that does not match its source"},
      LintRule{"tree-is-elsewhere", error, error, "modulefiles that name another place for the tree"},
      LintRule{"unknown-module", warning, warning, "library.yaml names a module that the tree does not have"},
      LintRule{"unshippable", error, error, "what a layer cannot carry, or cannot be read"},
      LintRule{"world-writable", warning, warning, "files and directories that anyone may write to"},
  };
  return rules;
}

std::vector<LintFinding> lint(const LintSettings& settings, const Task& task)
{
  Findings of_tree;
  std::vector<LintFinding> findings;
  LintPlace place;
  SourceTree source;
  auto units = [&] {
    const auto step = task.step("evaluate modulefiles");
    source = open_source_tree(settings.tree, settings.mapping, {settings.threads}, step);
    auto mapping = settings.mapping;
    if (source.stated && source.stated != source.target) {
      tree_is_elsewhere(source, of_tree);
      // All other rules go by what the modulefiles say, or they would say the same of every path.
      mapping.target = source.stated;
      source = open_source_tree(settings.tree, mapping, {settings.threads}, step);
    }
    place = {source.fd.get(), source.target, source.excludes};
    auto formed = form_units(source.fd.get(), source.modules, source.target, settings.mapping, source.excludes, step);
    findings = lint_modules(place, source.modules, formed, settings.mapping);
    return formed;
  }();
  // Defaults, rc files and the featured list are of the tree, not of a unit, but are files too.
  if (!units.index.empty())
    units.units.push_back({.name = {}, .kind = UnitKind::rest, .roots = units.index, .modulefiles = {}, .dependencies = {}, .missing = {}});
  std::vector<UnitFindings> of_units(units.units.size());
  const auto looking = task.step("look at files");
  parallel_for(units.units.size(), settings.threads,
               [&](std::size_t i) { of_units[i] = lint_unit(place, units.units[i], units.all_roots, looking); });

  Dropped dropped(place);
  dropped.add(units.dropped);
  for (auto& of_unit : of_units) {
    dropped.add(of_unit.dropped);
    std::ranges::move(of_unit.findings, std::back_inserter(findings));
  }
  dropped.report(of_tree);
  std::ranges::move(of_tree.take(), std::back_inserter(findings));
  std::ranges::stable_sort(findings, [](const auto& a, const auto& b) {
    return std::tie(b.severity, a.rule, a.unit, a.path) < std::tie(a.severity, b.rule, b.unit, b.path);
  });
  return findings;
}

}  // namespace cairn::library
