// SPDX-License-Identifier: Apache-2.0
#include <cairn/library/hiding.hpp>

namespace cairn::library {

void add_directories(layer::Skeleton& skeleton, const std::vector<RootPath>& roots)
{
  for (const auto& root : roots) {
    const auto slash = root.path.rfind('/');
    if (root.is_directory) skeleton.directories.insert(root.path);
    else if (slash != std::string::npos) skeleton.directories.insert(root.path.substr(0, slash));
  }
}

void CurrentPaths::add(const std::vector<RootPath>& roots)
{
  for (const auto& root : roots) {
    roots_.insert(root.path);
    if (root.is_directory) directory_roots_.insert(root.path);
    for (auto slash = root.path.find('/'); slash != std::string::npos; slash = root.path.find('/', slash + 1)) parents_.insert(root.path.substr(0, slash));
  }
}

bool CurrentPaths::can_hide(const std::vector<RootPath>& dead) const
{
  for (const auto& root : dead) {
    // Current content lies below what was a unit's own: neither whiteout would spare it.
    if (parents_.contains(root.path)) return false;
    // The reverse: it lies in somebody's directory, which may be in a lower layer.
    for (auto slash = root.path.find('/'); slash != std::string::npos; slash = root.path.find('/', slash + 1))
      if (directory_roots_.contains(root.path.substr(0, slash))) return false;
    // A directory is replaced by a file, or the reverse: readers differ on what is left of the old.
    if (roots_.contains(root.path) && directory_roots_.contains(root.path) != root.is_directory) return false;
  }
  return true;
}

void CurrentPaths::hide(const std::vector<RootPath>& dead, std::set<std::string>& removed) const
{
  for (const auto& root : dead) {
    if (roots_.contains(root.path)) continue;  // the current content replaces it
    auto end = root.path.find('/');
    while (end != std::string::npos && parents_.contains(root.path.substr(0, end))) end = root.path.find('/', end + 1);
    removed.insert(root.path.substr(0, end));
  }
}

}  // namespace cairn::library
