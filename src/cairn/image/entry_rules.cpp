// SPDX-License-Identifier: Apache-2.0
#include <cairn/image/entry_rules.hpp>

#include <cairn/base/error.hpp>
#include <cairn/tar/whiteout.hpp>

#include <fmt/format.h>

namespace cairn::image {
namespace {

/// So many problems are told.
constexpr std::size_t most_problems = 20;

}  // namespace

void EntryRules::check(const tar::Entry& entry)
{
  try {
    (void)tar::whiteout_of(entry);
  } catch (const Error& error) {
    add(entry.path, error.what());
  }
  if (!seen_.insert(entry.path)) add(entry.path, "is there twice");
  const bool directory = entry.type == tar::Type::directory;
  if (awaited_.contains(entry.path))
    add(entry.path, directory ? "comes after what lies in it" : "is no directory, but something lies in it");
  if (!directory) others_.insert(entry.path);
  check_parents(entry.path);
}

void EntryRules::check_parents(const std::string& path)
{
  const auto slash = path.rfind('/');
  const auto parent = std::string_view(path).substr(0, slash == std::string::npos ? 0 : slash);
  if (parent == last_parent_) return;
  last_parent_ = parent;
  for (auto above = parent; !above.empty();) {
    if (others_.contains(above)) add(path, fmt::format("lies below {}, which is no directory", printable(above)));
    if (!seen_.contains(above)) awaited_.insert(above);
    const auto end = above.rfind('/');
    above = above.substr(0, end == std::string_view::npos ? 0 : end);
  }
}

void EntryRules::add(std::string_view path, std::string_view problem)
{
  if (problems_.size() < most_problems) problems_.push_back(fmt::format("{}: {}", printable(path), problem));
  else if (problems_.size() == most_problems) problems_.emplace_back("and more");
}

}  // namespace cairn::image
