// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>

#include <fmt/format.h>
#include <sys/stat.h>

namespace cairn::test {

/// What lies below `root`: path -> mode in octal and content, target or nothing: `100644 hello`, `120777 -> /etc`.
/// Links are not followed.
inline std::map<std::string, std::string> list_tree(const std::filesystem::path& root)
{
  std::map<std::string, std::string> tree;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
    struct stat status{};
    if (::lstat(entry.path().c_str(), &status) != 0) continue;
    auto text = fmt::format("{:o}", status.st_mode);
    if (S_ISREG(status.st_mode)) {
      std::ifstream file(entry.path(), std::ios::binary);
      text += " " + std::string(std::istreambuf_iterator<char>(file), {});
    } else if (S_ISLNK(status.st_mode)) {
      text += " -> " + std::filesystem::read_symlink(entry.path()).native();
    }
    tree[entry.path().lexically_relative(root).native()] = text;
  }
  return tree;
}

}  // namespace cairn::test
