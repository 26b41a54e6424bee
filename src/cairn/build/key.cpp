// SPDX-License-Identifier: Apache-2.0
#include <cairn/build/key.hpp>

#include <cairn/base/error.hpp>
#include <cairn/io/file.hpp>
#include <cairn/io/stream.hpp>

#include <fmt/format.h>

#include <algorithm>

#include <fnmatch.h>

namespace cairn::build {
namespace {

namespace fs = std::filesystem;

std::string file_digest(const fs::path& file)
{
  FileSource source(file);
  DigestSink hash;
  copy(source, hash);
  return hash.finish().hex();
}

void add_entry(Key& key, const fs::path& path, const std::string& name, const std::vector<std::string>& excludes);

void add_content(Key& key, const fs::path& directory, const std::string& name, const std::vector<std::string>& excludes)
{
  std::vector<fs::path> children;
  for (const auto& child : fs::directory_iterator(directory)) children.push_back(child.path());
  std::ranges::sort(children, {}, [](const fs::path& path) { return path.filename().native(); });
  for (const auto& child : children)
    add_entry(key, child, name.empty() ? child.filename().native() : name + '/' + child.filename().native(), excludes);
}

void add_entry(Key& key, const fs::path& path, const std::string& name, const std::vector<std::string>& excludes)
{
  if (std::ranges::any_of(excludes, [&](const std::string& pattern) { return ::fnmatch(pattern.c_str(), name.c_str(), 0) == 0; })) return;
  const auto status = fs::symlink_status(path);
  key.add(name);
  if (fs::is_symlink(status)) {
    key.add("link").add(fs::read_symlink(path).native());
  } else if (fs::is_directory(status)) {
    key.add("directory");
    add_content(key, path, name, excludes);
  } else if (fs::is_regular_file(status)) {
    const bool executable = (status.permissions() & fs::perms::owner_exec) != fs::perms::none;
    key.add(executable ? "program" : "file").add(file_digest(path));
  } else {
    throw Error(Errc::unsupported, fmt::format("{}: is no file, directory or symbolic link; leave it out", printable(path.native())));
  }
}

}  // namespace

std::string tree_digest(const fs::path& tree, const std::vector<std::string>& excludes)
{
  Key key("tree");
  if (!fs::exists(tree)) throw Error(Errc::not_found, fmt::format("{}: no such file or directory", printable(tree.native())));
  if (fs::is_directory(tree)) add_content(key, tree, "", excludes);
  else add_entry(key, tree, "", {});
  return key.finish();
}

}  // namespace cairn::build
