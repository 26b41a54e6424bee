// SPDX-License-Identifier: Apache-2.0
#include <cairn/module/tree_reader.hpp>

#include <cairn/base/error.hpp>
#include <cairn/module/regular_path.hpp>

#include <fmt/format.h>

#include <span>
#include <vector>

#include <fcntl.h>

namespace cairn::module {
namespace {

constexpr int link_limit = 40;  // as Linux has it (path_resolution(7))

/// The rest of `path` below `prefix`, "" for `prefix` itself.
std::optional<std::string_view> below(std::string_view path, std::string_view prefix)
{
  if (prefix.empty() || !path.starts_with(prefix)) return std::nullopt;
  path.remove_prefix(prefix.size());
  if (!path.empty() && path.front() != '/' && !prefix.ends_with('/')) return std::nullopt;
  while (path.starts_with('/')) path.remove_prefix(1);
  return path;
}

/// Components still to go, the next one last.
void push_components(std::vector<std::string>& todo, std::string_view path)
{
  std::vector<std::string> components;
  while (!path.empty()) {
    const auto slash = path.find('/');
    if (slash != 0) components.emplace_back(path.substr(0, slash));
    path = slash == std::string_view::npos ? std::string_view{} : path.substr(slash + 1);
  }
  todo.insert(todo.end(), components.rbegin(), components.rend());
}

}  // namespace

std::string joined(std::string_view directory, std::string_view name)
{
  if (directory.empty()) return std::string(name);
  return fmt::format("{}/{}", directory, name);
}

TreeReader::TreeReader(std::filesystem::path tree, const std::string& target)
    : tree_(std::move(tree)), target_(regular_path(target)), root_(open_root(tree_))
{
  std::error_code failed;
  const auto here = std::filesystem::absolute(tree_, failed);
  if (!failed) here_ = regular_path(here.lexically_normal().native());
}

std::optional<std::string> TreeReader::inside(std::string_view absolute) const
{
  for (const std::string_view prefix : {std::string_view(target_), std::string_view(here_)})
    if (const auto rest = below(absolute, prefix)) return std::string(*rest);
  return std::nullopt;
}

std::string TreeReader::at_target(std::string_view path) const
{
  if (below(path, target_)) return std::string(path);
  if (const auto rest = below(path, here_)) return rest->empty() ? target_ : fmt::format("{}/{}", target_, *rest);
  return std::string(path);
}

std::optional<TreeReader::Found> TreeReader::find(std::string_view path) const
{
  std::vector<std::string> todo;
  push_components(todo, path);
  std::vector<std::string> done;
  const auto real = [&] {
    std::string out;
    for (const auto& component : done) out = joined(out, component);
    return out;
  };
  Found found;
  if (todo.empty() && ::fstat(root_.get(), &found.status) != 0) return std::nullopt;
  int links = 0;
  try {
    while (!todo.empty()) {
      const auto name = std::move(todo.back());
      todo.pop_back();
      if (name == ".") continue;
      if (name == "..") {
        if (done.empty()) return std::nullopt;
        done.pop_back();
        continue;
      }
      const auto directory = real();
      const auto parent = open_directory(directory);
      found.status = stat_at(parent.get(), name, shown(joined(directory, name)));
      if (!S_ISLNK(found.status.st_mode)) {
        done.push_back(name);
        continue;
      }
      if (++links > link_limit) return std::nullopt;
      const auto link = read_link_at(parent.get(), name, shown(joined(directory, name)));
      if (!link.starts_with('/')) {
        push_components(todo, link);
        continue;
      }
      const auto rest = inside(link);
      if (!rest) return std::nullopt;
      done.clear();
      push_components(todo, *rest);
    }
  } catch (const Error& error) {
    // A component that is missing, or that is a file where a directory should be.
    if (error.code() == Errc::not_found || error.code() == Errc::io || error.code() == Errc::bad_input) return std::nullopt;
    throw;
  }
  found.real = real();
  // The last step may have been `..` or a link to a directory passed before: ask for what it is now.
  if (!found.real.empty()) {
    const auto slash = found.real.rfind('/');
    const auto directory = slash == std::string::npos ? std::string() : found.real.substr(0, slash);
    found.status = stat_at(open_directory(directory).get(), std::string(base_name(found.real)), shown(found.real));
  } else if (::fstat(root_.get(), &found.status) != 0) {
    return std::nullopt;
  }
  return found;
}

Fd TreeReader::open_directory(std::string_view real) const { return open_beneath(root_.get(), real, O_RDONLY | O_DIRECTORY, shown(real)); }

std::string TreeReader::read_start(std::string_view real, std::size_t limit_bytes) const
{
  // O_NONBLOCK: opening a FIFO must not wait for a writer.
  const auto file = open_beneath(root_.get(), real, O_RDONLY | O_NONBLOCK, shown(real));
  struct stat status{};
  if (::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode))
    throw Error(Errc::changed, fmt::format("{}: not a regular file any more", printable(shown(real))));
  std::string text(std::min<std::size_t>(limit_bytes, static_cast<std::size_t>(status.st_size)), '\0');
  const auto size = read_full(file.get(), std::as_writable_bytes(std::span(text)), printable(shown(real)));
  text.resize(size);
  return text;
}

}  // namespace cairn::module
