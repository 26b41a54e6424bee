// SPDX-License-Identifier: Apache-2.0
#include <cairn/image/new_layer.hpp>

#include <cairn/base/error.hpp>
#include <cairn/image/entry_rules.hpp>
#include <cairn/image/layer_source.hpp>
#include <cairn/io/file.hpp>
#include <cairn/layer/frame_sink.hpp>
#include <cairn/os/beneath.hpp>
#include <cairn/tar/reader.hpp>
#include <cairn/tar/whiteout.hpp>
#include <cairn/tar/writer.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <map>
#include <utility>

#include <fcntl.h>
#include <fnmatch.h>
#include <sys/stat.h>

namespace cairn::image {
namespace {

/// Read a whole layer and refuse what `validate` would find.
void check_entries(Source& plain, const std::string& what)
{
  std::vector<std::string> problems;
  EntryRules rules(problems);
  tar::Reader reader(plain, what);
  while (const auto entry = reader.next()) {
    rules.check(*entry);
    if (!problems.empty()) throw Error(Errc::bad_input, fmt::format("{}: {}", what, problems.front()));
  }
}

Codec codec_of_archive(const std::filesystem::path& file, const std::string& what)
{
  FileSource source(file);
  std::array<std::byte, 512> start{};
  const auto size = read_full(source, start);
  const auto format = packed_format(std::span(start).first(size));
  if (format.empty()) return Codec::none;
  if (const auto codec = codec_from(format)) return *codec;
  throw Error(Errc::unsupported, fmt::format("{}: is {}; layers are plain tar, gzip or zstd", what, format));
}

Layer described(const layer::LayerTarget::Stored& stored, Codec codec, const Digest& diff_id, std::string made_by)
{
  return {layer_descriptor(codec, stored.digest, stored.size_bytes), diff_id, std::move(made_by)};
}

/// Writes what a directory holds, in order of names.
class DirectoryWriter {
public:
  DirectoryWriter(Sink& sink, const DirectoryRules& rules, std::int64_t mtime, const Task& task)
      : writer_(sink), rules_(rules), mtime_(mtime), task_(task)
  {
  }
  /// Directories down to where the content goes: as they are said to be below, else as every distribution has them; the last as the rules have it.
  void add_parents(const std::string& prefix)
  {
    for (auto slash = prefix.find('/'); slash != std::string::npos; slash = prefix.find('/', slash + 1))
      add_directory(prefix.substr(0, slash), parent(prefix.substr(0, slash)));
    if (prefix.empty()) return;
    auto last = parent(prefix);
    if (rules_.modes == Modes::group_writable) last.mode |= group_writable_directory;
    add_directory(prefix, last);
  }
  void add_content(int directory, const std::string& archive_path, const std::string& below, const std::filesystem::path& shown)
  {
    for (const auto& name : list_directory(directory, shown)) {
      task_.check();
      const auto here = below.empty() ? name.name : fmt::format("{}/{}", below, name.name);
      if (is_excluded(here)) continue;
      add(directory, name.name, archive_path.empty() ? name.name : fmt::format("{}/{}", archive_path, name.name), here, shown / name.name);
    }
  }
  void add(int directory, const std::string& name, const std::string& path, const std::string& below, const std::filesystem::path& shown)
  {
    if (name.starts_with(tar::whiteout_prefix))
      throw Error(Errc::unsupported, fmt::format("{}: names that begin with {} mean something else in a layer", printable(shown.native()),
                                                 tar::whiteout_prefix));
    const auto status = stat_at(directory, name, shown);
    tar::Entry entry;
    entry.path = path;
    entry.mode = mode_of(status);
    entry.mtime = mtime_;
    if (S_ISDIR(status.st_mode)) {
      entry.type = tar::Type::directory;
      writer_.add(entry);
      add_content(open_at(directory, name, O_RDONLY | O_DIRECTORY, 0, shown).get(), path, below, shown);
    } else if (S_ISLNK(status.st_mode)) {
      entry.type = tar::Type::symlink;
      entry.mode = 0777;
      entry.link = read_link_at(directory, name, shown);
      writer_.add(entry);
    } else if (S_ISREG(status.st_mode)) {
      add_file(directory, name, std::move(entry), status, shown);
    } else {
      throw Error(Errc::unsupported, fmt::format("{}: is no file, directory or symbolic link; leave it out", printable(shown.native())));
    }
  }
  void finish() { writer_.finish(); }

private:
  static constexpr std::uint32_t group_writable_directory = 0775;

  [[nodiscard]] DirectoryStatus parent(const std::string& path) const
  {
    if (const auto below = rules_.parents.find(path); below != rules_.parents.end()) return below->second;
    if (path == "tmp" || path == "var/tmp") return {.mode = 01777};
    return {.mode = path == "root" ? 0700u : 0755u};
  }
  void add_directory(const std::string& path, const DirectoryStatus& status)
  {
    tar::Entry entry;
    entry.type = tar::Type::directory;
    entry.path = path;
    entry.mode = status.mode;
    entry.uid = status.uid;
    entry.gid = status.gid;
    entry.mtime = mtime_;
    writer_.add(entry);
  }
  [[nodiscard]] bool is_excluded(const std::string& below) const
  {
    return std::ranges::any_of(rules_.excludes, [&](const std::string& pattern) { return ::fnmatch(pattern.c_str(), below.c_str(), 0) == 0; });
  }
  [[nodiscard]] std::uint32_t mode_of(const struct stat& status) const
  {
    if (rules_.modes == Modes::kept) return status.st_mode & 07777;
    const bool executable = S_ISDIR(status.st_mode) || (status.st_mode & S_IXUSR) != 0;
    return (executable ? 0755u : 0644u) | (rules_.modes == Modes::group_writable ? 0020u : 0u);
  }
  void add_file(int directory, const std::string& name, tar::Entry entry, const struct stat& status, const std::filesystem::path& shown)
  {
    if (status.st_nlink > 1) {
      const auto [first, is_new] = first_names_.try_emplace({status.st_dev, status.st_ino}, entry.path);
      if (!is_new) {
        entry.type = tar::Type::hard_link;
        entry.link = first->second;
        writer_.add(entry);
        return;
      }
    }
    entry.size_bytes = static_cast<std::uint64_t>(status.st_size);
    FileSource file(open_at(directory, name, O_RDONLY, 0, shown), 0, entry.size_bytes, printable(shown.native()));
    WatchedSource content(file, task_);
    writer_.add(entry, content);
  }

  tar::Writer writer_;
  const DirectoryRules& rules_;
  std::int64_t mtime_;
  const Task& task_;
  std::map<std::pair<dev_t, ino_t>, std::string> first_names_;
};

}  // namespace

Layer layer_of_archive(const std::filesystem::path& file, const LayerSettings& settings, layer::LayerTarget& target, const Task& task)
{
  const auto what = printable(file.native());
  const auto codec = codec_of_archive(file, what);
  FileSource source(file);
  const auto step = task.step(fmt::format("read {}", what), source.size_bytes());
  WatchedSource watched(source, step);
  auto& blob = target.begin(0);
  if (codec == Codec::none) {
    layer::FrameSink frames(blob, settings.compression, settings.threads);
    TeeSource plain(watched, frames);
    check_entries(plain, what);
    const auto diff_id = frames.finish();
    return described(target.end(0), settings.compression.codec, diff_id, fmt::format("cairn append: {}", file.filename().native()));
  }
  TeeSource packed(watched, blob);
  const auto unpacked = unpack(packed, codec, {}, what);
  DigestSink hash;
  TeeSource plain(*unpacked, hash);
  check_entries(plain, what);
  read_out(plain);
  read_out(packed);
  return described(target.end(0), codec, hash.finish(), fmt::format("cairn append: {}", file.filename().native()));
}

Layer layer_of_directory(const std::filesystem::path& directory, const std::string& prefix, const DirectoryRules& rules,
                         const LayerSettings& settings, layer::LayerTarget& target, const Task& task)
{
  const bool is_file = std::filesystem::is_regular_file(directory);
  const auto root = open_root(is_file ? std::filesystem::absolute(directory).parent_path() : directory);
  const auto step = task.step(fmt::format("read {}", printable(directory.native())));
  layer::FrameSink frames(target.begin(0), settings.compression, settings.threads);
  DirectoryWriter writer(frames, rules, settings.mtime, step);
  if (is_file) {
    const auto slash = prefix.rfind('/');
    if (slash != std::string::npos) writer.add_parents(prefix.substr(0, slash));
    writer.add(root.get(), directory.filename(), prefix, "", directory);
  } else {
    writer.add_parents(prefix);
    writer.add_content(root.get(), prefix, "", directory);
  }
  writer.finish();
  const auto diff_id = frames.finish();
  return described(target.end(0), settings.compression.codec, diff_id, rules.made_by);
}

}  // namespace cairn::image
