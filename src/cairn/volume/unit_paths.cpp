// SPDX-License-Identifier: Apache-2.0
#include <cairn/volume/unit_paths.hpp>

#include <fmt/format.h>

namespace cairn::volume {
namespace {

/// `.cairn/units/KEY/N`: this many directories below the volume.
constexpr std::size_t unit_root_depth = 4;

std::vector<std::string_view> components(std::string_view path)
{
  std::vector<std::string_view> parts;
  while (!path.empty()) {
    const auto slash = path.find('/');
    if (slash != 0) parts.push_back(path.substr(0, slash));
    path = slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1);
  }
  return parts;
}

std::string join(const std::vector<std::string_view>& parts)
{
  std::string path;
  for (const auto part : parts) path += (path.empty() ? "" : "/") + std::string(part);
  return path;
}

/// Where a relative link leads, by its text alone; as the kernel, `..` of `/` is `/`.
std::vector<std::string_view> resolve(std::string_view from_directory, std::string_view text)
{
  auto at = components(from_directory);
  for (const auto part : components(text)) {
    if (part == ".") continue;
    if (part != "..") at.push_back(part);
    else if (!at.empty()) at.pop_back();
  }
  return at;
}

}  // namespace

UnitPaths::UnitPaths(const std::vector<library::RootPath>& roots, std::string prefix) : list_(roots), prefix_(std::move(prefix))
{
  for (std::size_t i = 0; i < roots.size(); ++i) roots_.emplace(prefix_ + "/" + roots[i].path, i);
}

std::optional<UnitPaths::Place> UnitPaths::place(std::string_view archive_path) const
{
  for (auto above = archive_path; above.size() > prefix_.size();) {
    if (const auto found = roots_.find(std::string(above)); found != roots_.end()) {
      const bool itself = above.size() == archive_path.size();
      if (itself == list_[found->second].is_directory) return std::nullopt;  // a directory's own entry is in no fragment
      return Place{found->second, std::to_string(found->second) + std::string(archive_path.substr(above.size())), itself};
    }
    const auto slash = above.rfind('/');
    if (slash == std::string_view::npos) break;
    above = above.substr(0, slash);
  }
  return std::nullopt;
}

std::string UnitPaths::link_text(std::string_view archive_path, const Place& place, const std::string& text) const
{
  if (text.starts_with('/') || place.is_root) return text;
  const auto directory = archive_path.substr(0, archive_path.rfind('/'));
  const auto target = join(resolve(directory, text));
  const auto root = prefix_ + "/" + list_[place.root].path;
  if (target == root || target.starts_with(root + "/")) {
    // It ends in its root. It may leave it on the way, by a name of its own: count how far up it goes.
    std::size_t depth = components(directory).size() - components(root).size();
    bool leaves = false;
    for (const auto part : components(text)) {
      if (part == "..") leaves = leaves || depth-- == 0;
      else if (part != ".") ++depth;
      if (leaves) break;
    }
    if (!leaves) return text;
  }
  if (target != prefix_ && !target.starts_with(prefix_ + "/")) return "/" + target;
  // Up to the volume, then down again.
  const auto below_root = components(place.path).size() - 2;  // without N and the link itself
  std::string up;
  for (std::size_t i = 0; i < unit_root_depth + below_root; ++i) up += "../";
  const auto down = target == prefix_ ? std::string() : target.substr(prefix_.size() + 1);
  return down.empty() ? up.substr(0, up.size() - 1) : up + down;
}

}  // namespace cairn::volume
