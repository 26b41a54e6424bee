// SPDX-License-Identifier: Apache-2.0
#include <cairn/library/source_tree.hpp>

#include <cairn/base/error.hpp>
#include <cairn/layer/skeleton.hpp>
#include <cairn/os/beneath.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <string_view>

#include <fcntl.h>
#include <sys/stat.h>

namespace cairn::library {
namespace {

std::vector<std::string> effective_excludes(const Mapping& mapping)
{
  auto patterns = default_excludes();
  for (const auto& include : mapping.includes)
    if (std::erase(patterns, include) == 0)
      throw Error(Errc::bad_input, fmt::format("include {}: not one of the built-in exclude patterns ({})", printable(include),
                                               fmt::join(default_excludes(), ", ")));
  patterns.insert(patterns.end(), mapping.excludes.begin(), mapping.excludes.end());
  return patterns;
}

bool is_directory(int tree, const std::string& path)
{
  struct stat status{};
  return ::fstatat(tree, path.c_str(), &status, 0) == 0 && S_ISDIR(status.st_mode);
}

/// The directory above the part of their roots that is in the tree, by majority.
std::optional<std::string> stated_target(int tree, const module::Tree& modules)
{
  std::map<std::string, std::size_t> votes;
  std::set<std::string, std::less<>> top;
  for (auto& entry : list_directory(open_beneath(tree, "", O_RDONLY | O_DIRECTORY, "").get(), "")) top.insert(std::move(entry.name));
  for (const auto& modulefile : modules.modulefiles) {
    if (!modulefile.root || !modulefile.root->starts_with('/')) continue;
    const auto root = std::filesystem::path(*modulefile.root).lexically_normal().native();
    // `/opt/apps/software/zlib/1.3`: the longest end that the tree has, of two names or more, tells where it begins.
    for (auto slash = root.find('/', 1); slash != std::string::npos; slash = root.find('/', slash + 1)) {
      const auto end = root.substr(slash + 1);
      if (end.find('/') == std::string::npos) break;
      if (!top.contains(std::string_view(end).substr(0, end.find('/'))) || !is_directory(tree, end)) continue;
      ++votes[root.substr(0, slash)];
      break;
    }
  }
  const auto most = std::ranges::max_element(votes, {}, [](const auto& vote) { return vote.second; });
  if (most == votes.end()) return std::nullopt;
  return most->first;
}

}  // namespace

SourceTree open_source_tree(const std::filesystem::path& tree, const Mapping& mapping, const EvaluationSettings& settings, const Task& task)
{
  SourceTree source;
  std::error_code error;
  source.path = std::filesystem::canonical(tree, error);
  if (error) throw_errno(error.value(), printable(tree.native()));
  source.fd = open_root(source.path);
  source.excludes = effective_excludes(mapping);
  source.target = mapping.target.value_or(source.path.native());
  static_cast<void>(layer::archive_prefix(source.target));  // refuse it now, not after an hour
  const auto evaluate = [&] {
    return module::evaluate({source.path, source.target, mapping.modulepath, settings.threads, settings.cache, settings.full}, task);
  };
  source.modules = evaluate();
  source.stated = stated_target(source.fd.get(), source.modules);
  if (!mapping.target && source.stated && *source.stated != source.target) {
    source.target = *source.stated;
    static_cast<void>(layer::archive_prefix(source.target));
    source.modules = evaluate();
  }
  return source;
}

}  // namespace cairn::library
