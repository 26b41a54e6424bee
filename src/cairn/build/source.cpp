// SPDX-License-Identifier: Apache-2.0
#include <cairn/build/source.hpp>

#include <cairn/os/fd.hpp>
#include <cairn/recipe/source_ignore.hpp>

#include <array>

namespace cairn::build {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t ignore_limit_bytes = std::uint64_t{1} << 20;
constexpr std::array<const char*, 3> locks{"Pipfile.lock", "pylock.toml", "requirements.txt"};

recipe::SourceIgnore read_ignore(const fs::path& directory, const char* file, recipe::SourceIgnore::Rules rules)
{
  const auto path = directory / file;
  return fs::exists(path) ? recipe::SourceIgnore::parse(read_small_file(path, ignore_limit_bytes), rules, path.native()) : recipe::SourceIgnore();
}

/// A name as an fnmatch(3) pattern.
std::string escaped(const std::string& path)
{
  std::string out;
  for (const char c : path) {
    if (std::string_view("*?[\\").find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

}  // namespace

std::string found_lock(const fs::path& directory)
{
  for (const auto* name : locks)
    if (fs::exists(directory / name)) return name;
  return {};
}

std::set<std::string> ignored_paths(const fs::path& directory)
{
  std::set<std::string> out{".git"};
  const auto s2i = read_ignore(directory, ".s2iignore", recipe::SourceIgnore::Rules::s2i);
  const auto own = fs::exists(directory / ".containerignore") ? ".containerignore" : ".dockerignore";
  const auto container = read_ignore(directory, own, recipe::SourceIgnore::Rules::container);
  if (s2i.empty() && container.empty()) return out;
  for (auto at = fs::recursive_directory_iterator(directory); at != fs::recursive_directory_iterator(); ++at) {
    const auto path = at->path().lexically_relative(directory).native();
    const bool is_directory = at->is_directory() && !at->is_symlink();
    const bool is_gone = path == ".git" || s2i.ignores(path);
    if (is_gone && is_directory) at.disable_recursion_pending();
    // What lies in a directory may be taken back, so that a directory goes by its files.
    if (is_gone || (!is_directory && container.ignores(path))) out.insert(path);
  }
  return out;
}

std::vector<std::string> left_out(const fs::path& directory)
{
  std::vector<std::string> out;
  for (const auto& path : ignored_paths(directory)) out.push_back(escaped(path));
  return out;
}

recipe::FilesStep source_step(const fs::path& directory)
{
  recipe::FilesStep files;
  files.from = ".";
  files.to = app_source;
  files.is_group_writable = true;
  files.excludes = left_out(directory);
  return files;
}

}  // namespace cairn::build
