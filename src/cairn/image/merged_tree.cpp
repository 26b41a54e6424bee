// SPDX-License-Identifier: Apache-2.0
#include <cairn/image/merged_tree.hpp>

#include <cairn/base/error.hpp>
#include <cairn/tar/whiteout.hpp>

#include <fmt/format.h>

#include <cassert>
#include <utility>
#include <vector>

namespace cairn::image {
namespace {

/// As Linux follows (path_resolution(7)).
constexpr int most_links = 40;

[[noreturn]] void refuse(std::string_view path, std::string_view why)
{
  throw Error(Errc::bad_input, fmt::format("{}: {}", printable(path), why));
}

std::string joined(std::string_view directory, std::string_view name)
{
  return directory.empty() ? std::string(name) : fmt::format("{}/{}", directory, name);
}

std::pair<std::string_view, std::string_view> split(std::string_view path)
{
  const auto slash = path.rfind('/');
  if (slash == std::string_view::npos) return {{}, path};
  return {path.substr(0, slash), path.substr(slash + 1)};
}

/// The components of `path`, last first, on top of `pending`.
void push_components(std::vector<std::string>& pending, std::string_view path)
{
  while (!path.empty()) {
    const auto [rest, name] = split(path);
    if (!name.empty() && name != ".") pending.emplace_back(name);
    path = rest;
  }
}

}  // namespace

void MergedTree::apply(tar::Reader& layer, std::uint32_t number, const Task& task)
{
  layer_ = number;
  known_ = false;
  std::uint32_t entry_number = 0;
  for (; const auto entry = layer.next(); ++entry_number) {
    task.check();
    if (const auto whiteout = tar::whiteout_of(*entry)) {
      const bool path = whiteout->hides == tar::Whiteout::Hides::path;
      const auto hidden = path ? place(whiteout->path, Missing::stop) : enter(whiteout->path, Missing::stop);
      if (hidden) hide(*hidden, path);
    } else {
      add(*entry, entry_number);
    }
  }
}

void MergedTree::add(const tar::Entry& entry, std::uint32_t number)
{
  if (entry.path.empty()) {
    add_directory(entry, "");
    return;
  }
  const auto path = *place(entry.path, Missing::create);
  if (entry.type == tar::Type::directory) {
    add_directory(entry, path);
  } else {
    if (const auto found = nodes_.find(path); found != nodes_.end()) {
      if (found->second.touched == layer_) refuse(entry.path, "comes twice in the layer");
      if (found->second.type == tar::Type::directory) hide(path, true);
    }
    auto node = entry.type == tar::Type::hard_link ? hard_link(entry) : Node{entry.type, layer_, {layer_, number}, nullptr, nullptr};
    if (entry.type == tar::Type::symlink) node.link = std::make_unique<std::string>(entry.link);
    node.touched = layer_;
    nodes_.insert_or_assign(path, std::move(node));
  }
  touch_parents(path);
}

void MergedTree::add_directory(const tar::Entry& entry, const std::string& path)
{
  auto [found, is_new] = nodes_.try_emplace(path);
  auto& node = found->second;
  if (!is_new && node.type != tar::Type::directory) {
    if (node.touched == layer_) refuse(entry.path, "comes twice in the layer");
    node = Node{};
    known_ = false;
  }
  node.touched = layer_;
  node.directory = std::make_unique<tar::Entry>(entry);
  node.directory->path = path;
}

MergedTree::Node MergedTree::hard_link(const tar::Entry& entry)
{
  const auto path = place(entry.link, Missing::stop);
  const auto target = path ? nodes_.find(*path) : nodes_.end();
  if (target == nodes_.end() || target->second.type == tar::Type::directory)
    refuse(entry.path, fmt::format("is a hard link to {}, which is no file", printable(entry.link)));
  const auto& from = target->second;
  return {from.type, layer_, from.origin, from.link ? std::make_unique<std::string>(*from.link) : nullptr, nullptr};
}

/// Forget what lower layers hold below `path`.
void MergedTree::hide(const std::string& path, bool with_itself)
{
  known_ = false;
  const auto below = path.empty() ? path : path + "/";
  for (auto node = nodes_.lower_bound(below); node != nodes_.end() && node->first.starts_with(below);) {
    if (node->second.touched < layer_ && !node->first.empty()) node = nodes_.erase(node);
    else ++node;
  }
  if (!with_itself) return;
  if (const auto node = nodes_.find(path); node != nodes_.end() && node->second.touched < layer_) nodes_.erase(node);
}

std::optional<std::string> MergedTree::place(std::string_view path, Missing missing)
{
  const auto [parent, name] = split(path);
  const auto directory = enter(parent, missing);
  return directory ? std::optional(joined(*directory, name)) : std::nullopt;
}

std::optional<std::string> MergedTree::enter(std::string_view path, Missing missing)
{
  if (known_ && asked_ == path) return entered_;
  std::vector<std::string> pending;
  push_components(pending, path);
  std::string here;
  int links = 0;
  while (!pending.empty()) {
    const auto name = std::move(pending.back());
    pending.pop_back();
    if (name == "..") {
      here = split(here).first;
      continue;
    }
    auto next = joined(here, name);
    auto found = nodes_.find(next);
    if (found == nodes_.end()) {
      if (missing == Missing::stop) return std::nullopt;
      found =
          nodes_.emplace(next, Node{.type = tar::Type::directory, .touched = layer_, .origin = {}, .link = nullptr, .directory = nullptr})
              .first;
    }
    const auto& node = found->second;
    if (node.type == tar::Type::directory) {
      here = std::move(next);
      continue;
    }
    if (node.type != tar::Type::symlink) refuse(path, fmt::format("parent {} is not a directory", printable(next)));
    if (node.touched == layer_) refuse(path, fmt::format("parent {} is a symbolic link of the same layer", printable(next)));
    if (++links > most_links) refuse(path, fmt::format("follows more than {} symbolic links", most_links));
    if (node.link->starts_with('/')) here.clear();
    push_components(pending, *node.link);
  }
  asked_ = path;
  entered_ = here;
  known_ = true;
  return here;
}

void MergedTree::touch_parents(std::string_view path)
{
  for (path = split(path).first; !path.empty(); path = split(path).first) {
    const auto found = nodes_.find(path);
    assert(found != nodes_.end());
    found->second.touched = layer_;
  }
}

}  // namespace cairn::image
