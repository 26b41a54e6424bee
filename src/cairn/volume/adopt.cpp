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
    if (::fstatat(dir.get(), root.path.substr(slash == std::string::npos ? 0 : slash + 1).c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0)
      return false;
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

constexpr std::string_view record_name = "adopted";

struct PlainBytes {
  Digest digest;
  std::uint64_t bytes = 0;
};

/// What split would make of these roots of the volume; nothing when it would refuse, or when it is not `expected_bytes` long.
std::optional<PlainBytes> plain_bytes(const Layout& layout, const std::vector<std::string>& roots, const TreeRules& rules,
                                      std::optional<std::uint64_t> expected_bytes, const Task& task)
{
  layer::ScanOptions options{.excludes = {}, .others = &rules.all_roots, .prefix = rules.prefix};
  for (const auto& path : rules.dropped) options.excludes.push_back(literal_pattern(path));
  auto scan = layer::scan(layout.root(), roots, options, task);
  if (!scan.problems.empty()) return std::nullopt;
  layer::mark_bytecode(layout.root(), scan.contents, task);
  const layer::FragmentSpec spec{&scan.contents, rules.prefix,
                                 layer::binds_to_mtimes(scan.contents) ? layer::Mtimes::kept : layer::Mtimes::constant};
  PlainBytes plain;
  for (layer::FrameCursor cursor(spec); const auto frame = cursor.next();) plain.bytes += frame->bytes;
  if (expected_bytes && plain.bytes != *expected_bytes) return std::nullopt;
  layer::FrameReader reader(layout.root());
  Sha256 hash;
  std::vector<std::byte> buffer;
  for (layer::FrameCursor cursor(spec); const auto frame = cursor.next();) {
    buffer.resize(frame->bytes);
    reader.read(spec, frame->start, buffer);
    hash.update(buffer);
    task.advance(buffer.size());
  }
  plain.digest = hash.finish();
  return plain;
}

std::vector<std::string> directories_of(const std::vector<library::RootPath>& roots)
{
  std::vector<std::string> paths;
  for (const auto& root : roots)
    if (root.is_directory) paths.push_back(root.path);
  return paths;
}

/// The digests that `adopted` holds: of the directories, and of each file where the unit has its copy.
std::string record_of(const Layout& layout, const std::vector<library::RootPath>& roots, int unit, const std::filesystem::path& shown,
                      const TreeRules& rules, const Task& task)
{
  std::string text = "directories";
  if (const auto directories = directories_of(roots); !directories.empty()) {
    const auto plain = plain_bytes(layout, directories, rules, std::nullopt, task);
    text += plain ? " " + plain->digest.str() : " none";
  }
  text += '\n';
  for (std::size_t i = 0; i < roots.size(); ++i) {
    if (roots[i].is_directory) continue;
    const auto number = std::to_string(i);
    const auto status = stat_at(unit, number, shown / number);
    const auto content =
        S_ISLNK(status.st_mode) ? read_link_at(unit, number, shown / number) : read_file(unit, number, shown / number).value_or("");
    text += fmt::format("{} {}\n", number, sha256(content).str());
  }
  return text;
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
  paths.reserve(unit.roots.size());
  for (const auto& root : unit.roots) paths.push_back(root.path);
  const auto plain = plain_bytes(layout, paths, rules, unit.plain_bytes, task);
  return plain && plain->digest == unit.plain_digest;
}

void adopt_unit(const Layout& layout, const std::vector<library::RootPath>& roots, const std::string& key, const TreeRules& rules,
                const Task& task)
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
    const auto dir = open_beneath(layout.root(), slash == std::string::npos ? std::string() : path.substr(0, slash), O_RDONLY | O_DIRECTORY,
                                  layout.path() / path);
    const auto status = stat_at(dir.get(), name, layout.path() / path);
    std::string text;
    if (S_ISDIR(status.st_mode)) text = "../../../" + path;
    else if (S_ISLNK(status.st_mode)) text = read_link_at(dir.get(), name, layout.path() / path);
    if (text.empty()) copy_file(dir.get(), name, unit.get(), number, layout.path() / path);
    else if (::symlinkat(text.c_str(), unit.get(), number.c_str()) != 0) throw_errno(errno, printable(shown.native()));
  }
  replace_file(unit.get(), std::string(record_name), record_of(layout, roots, unit.get(), shown, rules, task), shown / record_name);
  while (::syncfs(layout.units()) != 0)
    if (errno != EINTR) throw_errno(errno, printable(shown.native()));
  rename_at(layout.units(), part, key, shown);
  flush(layout.units(), shown);
}

std::optional<std::string> check_adopted(const Layout& layout, const std::vector<library::RootPath>& roots, const std::string& key,
                                         const TreeRules& rules, const Task& task)
{
  const auto shown = layout.shown("units/" + key);
  const auto unit = open_beneath(layout.units(), key, O_RDONLY | O_DIRECTORY, shown);
  const auto record = read_file(unit.get(), std::string(record_name), shown / record_name);
  if (!record) return std::nullopt;
  try {
    return *record == record_of(layout, roots, unit.get(), shown, rules, task) ? "" : "was adopted, and is not what it was then";
  } catch (const Error& error) {
    return fmt::format("was adopted, and cannot be read: {}", error.what());
  }
}

}  // namespace cairn::volume
