// SPDX-License-Identifier: Apache-2.0
//
// A file can change twice within one tick of the file system's clock, and the second change is not seen in its times. So a tree whose newest
// change is younger than `settled` is read each time, as git does with such files of its index.
#include <cairn/build/tree_digest.hpp>

#include <cairn/base/error.hpp>
#include <cairn/build/key.hpp>
#include <cairn/io/file.hpp>
#include <cairn/io/stream.hpp>
#include <cairn/os/fd.hpp>
#include <cairn/os/temp.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <optional>

#include <fnmatch.h>
#include <sys/stat.h>

namespace cairn::build {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds settled{2};
constexpr std::uint64_t record_limit_bytes = 128;
constexpr std::size_t digest_digits = 64;

struct Entry {
  fs::path path;
  std::string name;  ///< below the tree; empty: the tree is a file
  struct stat status {};
  std::string link{};
};

/// All that a tree has, in the order of a walk that is sorted by name.
class Walk {
public:
  Walk(const fs::path& tree, const std::vector<std::string>& excludes) : excludes_(excludes)
  {
    if (!fs::exists(tree)) throw Error(Errc::not_found, fmt::format("{}: no such file or directory", printable(tree.native())));
    if (fs::is_directory(tree)) add_children(tree, "");
    else add(tree, "");
  }
  [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }

private:
  void add_children(const fs::path& directory, const std::string& name)
  {
    std::vector<fs::path> children;
    for (const auto& child : fs::directory_iterator(directory)) children.push_back(child.path());
    std::ranges::sort(children, {}, [](const fs::path& path) { return path.filename().native(); });
    for (const auto& child : children) add(child, name.empty() ? child.filename().native() : name + '/' + child.filename().native());
  }

  void add(const fs::path& path, const std::string& name)
  {
    if (std::ranges::any_of(excludes_, [&](const std::string& pattern) { return ::fnmatch(pattern.c_str(), name.c_str(), 0) == 0; })) return;
    Entry entry{path, name};
    if (::lstat(path.c_str(), &entry.status) != 0) throw_errno(errno, path.native());
    if (S_ISLNK(entry.status.st_mode)) entry.link = fs::read_symlink(path).native();
    else if (!S_ISREG(entry.status.st_mode) && !S_ISDIR(entry.status.st_mode))
      throw Error(Errc::unsupported, fmt::format("{}: is no file, directory or symbolic link; leave it out", printable(path.native())));
    const bool is_directory = S_ISDIR(entry.status.st_mode);
    entries_.push_back(std::move(entry));
    if (is_directory) add_children(path, name);
  }

  const std::vector<std::string>& excludes_;
  std::vector<Entry> entries_;
};

std::string file_digest(const fs::path& file)
{
  FileSource source(file);
  DigestSink hash;
  copy(source, hash);
  return hash.finish().hex();
}

std::string content_of(const Walk& walk)
{
  Key key("tree");
  for (const auto& entry : walk.entries()) {
    key.add(entry.name);
    if (S_ISLNK(entry.status.st_mode)) key.add("link").add(entry.link);
    else if (S_ISDIR(entry.status.st_mode)) key.add("directory");
    else key.add((entry.status.st_mode & S_IXUSR) != 0 ? "program" : "file").add(file_digest(entry.path));
  }
  return key.finish();
}

/// Differs whenever the content does; nothing while it cannot be relied on.
std::optional<std::string> fingerprint_of(const Walk& walk)
{
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  Key key("fingerprint");
  for (const auto& entry : walk.entries()) {
    const auto& status = entry.status;
    const auto changed = std::chrono::seconds(status.st_ctim.tv_sec) + std::chrono::nanoseconds(status.st_ctim.tv_nsec);
    if (changed + settled > now) return std::nullopt;
    key.add(entry.name).add(entry.link);
    key.add(fmt::format("{:o} {} {} {} {}.{} {}.{}", status.st_mode, status.st_dev, status.st_ino, status.st_size, status.st_mtim.tv_sec,
                        status.st_mtim.tv_nsec, status.st_ctim.tv_sec, status.st_ctim.tv_nsec));
  }
  return key.finish();
}

}  // namespace

std::string TreeDigests::of(const fs::path& tree, const std::vector<std::string>& excludes) const
{
  const Walk walk(tree, excludes);
  const auto fingerprint = fingerprint_of(walk);
  if (!fingerprint) return content_of(walk);
  const auto record = directory_ / ("tree-" + *fingerprint);
  if (fs::exists(record)) {
    auto known = read_small_file(record, record_limit_bytes);
    if (known.size() == digest_digits) return known;
  }
  auto content = content_of(walk);
  write_file_atomically(record, content, Flush::no);
  return content;
}

}  // namespace cairn::build
