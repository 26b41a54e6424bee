// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/os/fd.hpp>
#include <cairn/os/temp.hpp>

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace cairn::test {

/// A small tree in a directory of its own. Paths are relative to it; parents are made when missing, with mode 0755.
class FileTree {
public:
  explicit FileTree(const std::filesystem::path& parent = std::filesystem::temp_directory_path()) : directory_(parent) {}

  [[nodiscard]] const std::filesystem::path& path() const { return directory_.path(); }
  [[nodiscard]] std::filesystem::path operator/(std::string_view name) const { return path() / name; }
  /// A descriptor of the tree, as the rooms want it.
  [[nodiscard]] Fd open() const { return open_file(path(), O_RDONLY | O_DIRECTORY); }

  FileTree& directory(std::string_view name, mode_t mode = 0755)
  {
    std::filesystem::path at = path();
    for (const auto& part : std::filesystem::path(name)) {
      at /= part;
      if (::mkdir(at.c_str(), 0755) != 0 && errno != EEXIST) fail(at);
      if (errno != EEXIST && ::chmod(at.c_str(), 0755) != 0) fail(at);
    }
    if (::chmod(at.c_str(), mode) != 0) fail(at);
    return *this;
  }
  /// Written anew in place when it is there: same inode.
  FileTree& file(std::string_view name, std::string_view content = {}, mode_t mode = 0644)
  {
    parent(name);
    std::ofstream out(*this / name, std::ios::binary | std::ios::trunc);
    out.write(content.data(), static_cast<std::streamsize>(content.size()));
    out.close();
    if (!out || ::chmod((*this / name).c_str(), mode) != 0) fail(*this / name);
    return *this;
  }
  FileTree& symlink(std::string_view name, const std::string& target)
  {
    parent(name);
    std::filesystem::remove(*this / name);
    std::filesystem::create_symlink(target, *this / name);
    return *this;
  }
  FileTree& hard_link(std::string_view name, std::string_view existing)
  {
    parent(name);
    std::filesystem::create_hard_link(*this / existing, *this / name);
    return *this;
  }
  FileTree& fifo(std::string_view name)
  {
    parent(name);
    if (::mkfifo((*this / name).c_str(), 0644) != 0) fail(*this / name);
    return *this;
  }
  FileTree& mode(std::string_view name, mode_t mode)
  {
    if (::chmod((*this / name).c_str(), mode) != 0) fail(*this / name);
    return *this;
  }
  FileTree& mtime(std::string_view name, std::int64_t seconds, long nanoseconds = 0)
  {
    const timespec times[2] = {{seconds, nanoseconds}, {seconds, nanoseconds}};
    if (::utimensat(AT_FDCWD, (*this / name).c_str(), times, AT_SYMLINK_NOFOLLOW) != 0) fail(*this / name);
    return *this;
  }
  /// The file or directory with all below it.
  FileTree& remove(std::string_view name)
  {
    std::filesystem::remove_all(*this / name);
    return *this;
  }
  FileTree& rename(std::string_view from, std::string_view to)
  {
    parent(to);
    std::filesystem::rename(*this / from, *this / to);
    return *this;
  }

private:
  void parent(std::string_view name)
  {
    const auto slash = name.rfind('/');
    if (slash != std::string_view::npos) std::filesystem::create_directories(*this / name.substr(0, slash));
  }
  [[noreturn]] static void fail(const std::filesystem::path& path)
  {
    throw std::system_error(errno, std::generic_category(), path.native());
  }

  TempDir directory_;
};

/// A tree as EasyBuild lays it out, as if it stood at `target`.
class ModuleTree : public FileTree {
public:
  explicit ModuleTree(std::string target = "/opt/apps/easybuild") : target_(std::move(target)) {}
  [[nodiscard]] const std::string& target() const { return target_; }

  /// `software/NAME` with an easyconfig and a program that says `content`; returns the prefix.
  std::string install(const std::string& name, std::string_view content)
  {
    auto prefix = "software/" + name;
    auto easyconfig = name;
    for (auto& c : easyconfig)
      if (c == '/') c = '-';
    file(prefix + "/easybuild/" + easyconfig + ".eb", "name = '" + name + "'\n");
    file(prefix + "/bin/run", content, 0755);
    return prefix;
  }
  /// A Lua modulefile below `modulepath` that names `software/<prefix>` as its root.
  ModuleTree& modulefile(const std::string& name, const std::string& prefix, const std::vector<std::string>& dependencies = {},
                         const std::string& modulepath = "modules/all", const std::string& more = {})
  {
    auto text =
        "help([[" + name + "]])\nwhatis([[Description: about " + name + "]])\nlocal root = \"" + target_ + "/software/" + prefix + "\"\n";
    for (const auto& dependency : dependencies) text += "depends_on(\"" + dependency + "\")\n";
    text += "prepend_path(\"PATH\", pathJoin(root, \"bin\"))\n" + more;
    file(modulepath + "/" + name + ".lua", text);
    return *this;
  }
  /// An installed module: both of the above.
  ModuleTree& module(const std::string& name, std::string_view content, const std::vector<std::string>& dependencies = {})
  {
    install(name, content);
    return modulefile(name, name, dependencies);
  }

private:
  std::string target_;
};

}  // namespace cairn::test
