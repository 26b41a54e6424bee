// SPDX-License-Identifier: Apache-2.0
#include <cairn/volume/adopt.hpp>

#include <cairn/base/error.hpp>
#include <cairn/io/hash.hpp>
#include <cairn/layer/contents.hpp>
#include <cairn/layer/frame.hpp>
#include <cairn/os/beneath.hpp>
#include <cairn/volume/small_file.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace cairn::volume {
namespace {

/// A root that is a link to where cairn has it, or that is not there, is nothing to adopt.
bool is_real(const Layout& layout, const library::RootPath& root)
{
  try {
    const auto slash = root.path.rfind('/');
    const auto parent = slash == std::string::npos ? std::string() : root.path.substr(0, slash);
    const auto dir = open_beneath(layout.root(), parent, O_PATH | O_DIRECTORY, layout.path() / root.path);
    struct stat status{};
    if (::fstatat(dir.get(), root.path.substr(slash == std::string::npos ? 0 : slash + 1).c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) return false;
    return S_ISDIR(status.st_mode) == root.is_directory;
  } catch (const Error&) {
    return false;
  }
}

/// fnmatch(3) takes a backslash as "the next one means itself".
std::string literal_pattern(const std::string& path)
{
  std::string pattern;
  for (const char c : path) {
    if (c == '*' || c == '?' || c == '[' || c == '\\') pattern += '\\';
    pattern += c;
  }
  return pattern;
}

void copy_file(int from_dir, const std::string& name, int to_dir, const std::string& to, const std::filesystem::path& shown)
{
  const auto what = printable(shown.native());
  const auto from = open_at(from_dir, name, O_RDONLY, 0, shown);
  auto copy = open_at(to_dir, to, O_WRONLY | O_CREAT | O_EXCL, 0664, shown);
  std::vector<std::byte> buffer(std::size_t{64} << 10);
  while (const auto size = read_full(from.get(), buffer, what)) write_full(copy.get(), std::span(buffer).first(size), what);
  copy.close(what);
}

}  // namespace

bool has_equal_content(const Layout& layout, const UnitContent& unit, const TreeRules& rules, const Task& task)
{
  if (!std::ranges::all_of(unit.roots, [&](const auto& root) { return is_real(layout, root); })) return false;
  std::vector<std::string> paths;
  for (const auto& root : unit.roots) paths.push_back(root.path);
  layer::ScanOptions options{.excludes = {}, .others = &rules.all_roots, .prefix = rules.prefix};
  for (const auto& path : rules.dropped) options.excludes.push_back(literal_pattern(path));
  auto scan = layer::scan(layout.root(), paths, options, task);
  if (!scan.problems.empty()) return false;
  layer::mark_bytecode(layout.root(), scan.contents, task);
  const layer::FragmentSpec spec{&scan.contents, rules.prefix,
                                 layer::binds_to_mtimes(scan.contents) ? layer::Mtimes::kept : layer::Mtimes::constant};
  std::uint64_t bytes = 0;
  for (layer::FrameCursor cursor(spec); const auto frame = cursor.next();) bytes += frame->bytes;
  if (bytes != unit.plain_bytes) return false;
  layer::FrameReader reader(layout.root());
  Sha256 hash;
  std::vector<std::byte> buffer;
  for (layer::FrameCursor cursor(spec); const auto frame = cursor.next();) {
    buffer.resize(frame->bytes);
    reader.read(spec, frame->start, buffer);
    hash.update(buffer);
    task.advance(buffer.size());
  }
  return hash.finish() == unit.plain_digest;
}

void adopt_unit(const Layout& layout, const std::vector<library::RootPath>& roots, const std::string& key)
{
  const auto part = key + std::string(part_suffix);
  const auto shown = layout.shown("units/" + key);
  if (::mkdirat(layout.units(), part.c_str(), 0775) != 0) throw_errno(errno, printable(shown.native()));
  const auto unit = open_beneath(layout.units(), part, O_RDONLY | O_DIRECTORY, shown);
  for (std::size_t i = 0; i < roots.size(); ++i) {
    const auto& path = roots[i].path;
    const auto number = std::to_string(i);
    const auto slash = path.rfind('/');
    const auto name = path.substr(slash == std::string::npos ? 0 : slash + 1);
    const auto dir = open_beneath(layout.root(), slash == std::string::npos ? std::string() : path.substr(0, slash),
                                  O_RDONLY | O_DIRECTORY, layout.path() / path);
    const auto status = stat_at(dir.get(), name, layout.path() / path);
    std::string text;
    if (S_ISDIR(status.st_mode)) text = "../../../" + path;
    else if (S_ISLNK(status.st_mode)) text = read_link_at(dir.get(), name, layout.path() / path);
    if (text.empty()) copy_file(dir.get(), name, unit.get(), number, layout.path() / path);
    else if (::symlinkat(text.c_str(), unit.get(), number.c_str()) != 0) throw_errno(errno, printable(shown.native()));
  }
  while (::syncfs(layout.units()) != 0)
    if (errno != EINTR) throw_errno(errno, printable(shown.native()));
  rename_at(layout.units(), part, key, shown);
  flush(layout.units(), shown);
}

}  // namespace cairn::volume
