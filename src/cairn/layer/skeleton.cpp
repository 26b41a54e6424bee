// SPDX-License-Identifier: Apache-2.0
#include <cairn/layer/skeleton.hpp>

#include <cairn/base/error.hpp>
#include <cairn/tar/whiteout.hpp>
#include <cairn/tar/writer.hpp>

#include <fmt/format.h>

#include <map>
#include <string_view>

namespace cairn::layer {

std::uint32_t normal_mode(std::uint32_t mode, bool is_directory)
{
  auto user = (mode >> 6 & 7u) | 4u;
  auto other = (mode & 7u) | 4u;
  if (is_directory || (mode & 0111) != 0) {
    user |= 1;
    other |= 1;
  }
  return user << 6 | user << 3 | other;
}

std::string archive_prefix(const std::string& target)
{
  const auto bad = [&](std::string_view why) { throw Error(Errc::bad_input, fmt::format("target {}: {}", printable(target), why)); };
  if (target.empty() || target.front() != '/') bad("is not an absolute path");
  if (target == "/") bad("must be a directory below the root, such as /opt/apps/easybuild");
  if (!is_utf8(target)) bad("is not UTF-8");
  const auto prefix = target.substr(1);
  for (std::string_view rest = prefix;;) {
    const auto slash = rest.find('/');
    const auto part = rest.substr(0, slash);
    if (part.empty() || part == "." || part == "..") bad("has an empty, '.' or '..' component");
    if (part.starts_with(tar::whiteout_prefix)) bad("has a component that is a whiteout's name");
    if (slash == std::string_view::npos) break;
    rest.remove_prefix(slash + 1);
  }
  return prefix;
}

std::vector<std::byte> skeleton_bytes(const Skeleton& skeleton)
{
  const auto prefix = archive_prefix(skeleton.target);
  // By the name as the archive writes it, so that parents come first and whiteouts stand in their directory.
  std::map<std::string, tar::Entry> entries;
  const auto add_directory = [&](const std::string& path) {
    tar::Entry entry;
    entry.type = tar::Type::directory;
    entry.path = path;
    // What lies above the target belongs to the image that this is laid on: its owner alone writes there.
    entry.mode = path.size() < prefix.size() ? 0755 : 0775;
    entry.mtime = constant_mtime;
    entries.emplace(path + "/", std::move(entry));
  };
  const auto add_with_parents = [&](const std::string& path) {
    for (auto slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1)) add_directory(path.substr(0, slash));
    add_directory(path);
  };
  const auto in_archive = [&](const std::string& path) { return path.empty() ? prefix : prefix + "/" + path; };
  const auto add_whiteout = [&](const std::string& directory, const std::string& name) {
    add_with_parents(directory);
    tar::Entry entry;
    entry.path = directory + "/" + name;
    entry.mode = 0644;
    entry.mtime = constant_mtime;
    entries.emplace(entry.path, std::move(entry));
  };
  add_with_parents(prefix);
  for (const auto& path : skeleton.directories) add_with_parents(in_archive(path));
  for (const auto& path : skeleton.opaque) add_whiteout(in_archive(path), ".wh..wh..opq");
  for (const auto& path : skeleton.removed) {
    const auto full = in_archive(path);
    const auto slash = full.rfind('/');
    add_whiteout(full.substr(0, slash), ".wh." + full.substr(slash + 1));
  }
  std::vector<std::byte> bytes;
  for (const auto& [name, entry] : entries) tar::append_header(entry, bytes);
  return bytes;
}

}  // namespace cairn::layer
