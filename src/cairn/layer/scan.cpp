// SPDX-License-Identifier: Apache-2.0
#include <cairn/layer/contents.hpp>

#include <cairn/base/error.hpp>
#include <cairn/io/hash.hpp>
#include <cairn/os/beneath.hpp>
#include <cairn/tar/reader.hpp>
#include <cairn/tar/whiteout.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <climits>
#include <ctime>
#include <map>
#include <utility>

#include <dirent.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <unistd.h>

namespace cairn::layer {
namespace {

/// A change within this time before the scan could be followed by another that leaves the same timestamps: file
/// systems stamp with a clock of up to 10 ms, network ones of up to a second or two (git calls it "racily clean").
constexpr std::int64_t racy_window_ns = 2'000'000'000;

/// What is longer or deeper could be packed, but no strict reader would take it.
constexpr tar::ReadLimits limits{};
constexpr std::size_t longest_path_bytes = limits.path_bytes;
/// Opened on the way to a directory and kept open; further up they are opened again when they are gone on with.
constexpr std::size_t most_open_directories = 3;
constexpr const char* whiteout_name = "name begins with .wh., which says in a layer that a file is gone; rename it, or exclude it";

std::int64_t nanoseconds(const timespec& time) { return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec; }

/// An exclude pattern, asked of every path of a tree.
class Pattern {
public:
  explicit Pattern(const std::string& pattern) : pattern_(pattern)
  {
    if (pattern.find_first_of("[\\") != std::string::npos) return;
    for (std::string_view rest = pattern; !rest.empty();) {
      const auto size = std::min(rest.find_first_of("*?"), rest.size());
      if (size > literal_.size()) literal_ = rest.substr(0, size);
      rest.remove_prefix(std::min(size + 1, rest.size()));
    }
  }
  [[nodiscard]] bool matches(const std::string& path) const
  {
    return path.contains(literal_) && ::fnmatch(pattern_.c_str(), path.c_str(), 0) == 0;
  }

private:
  std::string pattern_;
  std::string literal_;  ///< a part that is in all that matches: most paths are told by it
};

class Scanner {
public:
  Scanner(int tree, const ScanOptions& options, const Task& task)
      : tree_(tree), options_(options), task_(task), excludes_(options.excludes.begin(), options.excludes.end())
  {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    racy_after_ns_ = std::chrono::nanoseconds(now).count() - racy_window_ns;
  }

  void root(const std::string& path)
  {
    const auto index = static_cast<std::uint32_t>(scan_.contents.roots.size());
    const auto slash = path.rfind('/');
    const auto directory = slash == std::string::npos ? std::string{} : path.substr(0, slash);
    const auto name = slash == std::string::npos ? path : path.substr(slash + 1);
    auto parent = open_beneath(tree_, directory, O_RDONLY | O_DIRECTORY, path);
    const auto status = stat_at(parent.get(), name, path);
    scan_.contents.roots.push_back({path, S_ISDIR(status.st_mode)});
    if (path.starts_with(tar::whiteout_prefix) || path.contains(fmt::format("/{}", tar::whiteout_prefix))) {
      refuse(path, whiteout_name);
      return;
    }
    if (!S_ISDIR(status.st_mode)) {
      item(parent.get(), name, status, path, Item::none, index);
      return;
    }
    ++scan_.counts.directories;
    note_time(status);
    if (is_utf8(path)) enter(parent, name, path, Item::none, index);
    else refuse(path, "name is not UTF-8; rename it, or exclude it");
  }

  Scan finish()
  {
    finish_hard_links();
    fingerprint();
    return std::move(scan_);
  }

private:
  void problem(const std::string& path, std::string what) { scan_.problems.push_back({path, std::move(what)}); }

  [[nodiscard]] bool excluded(const std::string& path) const
  {
    return std::ranges::any_of(excludes_, [&](const auto& pattern) { return pattern.matches(path); });
  }

  [[nodiscard]] bool of_another_unit(const std::string& path) const
  {
    return options_.others != nullptr && std::ranges::binary_search(*options_.others, path);
  }

  /// Scan the directory `name` of `above`, which is closed where directories go deep: a scan has few files open.
  void enter(Fd& above, const std::string& name, const std::string& path, std::uint32_t parent, std::uint32_t root)
  {
    try {
      auto fd = open_at(above.get(), name, O_RDONLY | O_DIRECTORY, 0, path);
      if (open_directories_ >= most_open_directories) above.reset();
      const Deeper deeper(open_directories_);
      directory_items(std::move(fd), path, parent, root);
    } catch (const Error& error) {
      if (error.code() != Errc::permission) throw;
      problem(path, "cannot read the directory: permission denied; run as its owner, or exclude it");
    }
  }

  void directory_items(Fd fd, const std::string& path, std::uint32_t parent, std::uint32_t root)
  {
    struct Child {
      std::string key;  ///< the name, with a slash for a directory: what the archive order compares
      struct stat status;
    };
    task_.check();
    std::vector<Child> children;
    for (auto& entry : list_directory(fd.get(), path)) {
      Child child{std::move(entry.name), {}};
      if (::fstatat(fd.get(), child.key.c_str(), &child.status, AT_SYMLINK_NOFOLLOW) != 0) {
        if (errno == ENOENT) throw Error(Errc::changed, fmt::format("{}: vanished while it was read", printable(path + "/" + child.key)));
        throw_errno(errno, printable(path + "/" + child.key));
      }
      if (S_ISDIR(child.status.st_mode)) child.key += '/';
      children.push_back(std::move(child));
    }
    std::ranges::sort(children, {}, &Child::key);
    for (auto& child : children) {
      if (S_ISDIR(child.status.st_mode)) child.key.pop_back();
      auto child_path = path.empty() ? child.key : path + "/" + child.key;
      if (of_another_unit(child_path)) continue;
      if (excluded(child_path)) {
        scan_.dropped.push_back(std::move(child_path));
        continue;
      }
      if (!fd) fd = open_beneath(tree_, path, O_RDONLY | O_DIRECTORY, path);
      const auto index = item(fd.get(), child.key, child.status, child_path, parent, root);
      if (S_ISDIR(child.status.st_mode) && index != Item::none) enter(fd, child.key, child_path, index, root);
    }
  }

  /// Append the item; its index, or none when it has a problem.
  std::uint32_t item(int dir, const std::string& name, const struct stat& status, const std::string& path, std::uint32_t parent,
                     std::uint32_t root)
  {
    if (!is_utf8(name)) return refuse(path, "name is not UTF-8; rename it, or exclude it");
    if (name.starts_with(tar::whiteout_prefix)) return refuse(path, whiteout_name);
    if (const auto length = options_.prefix.size() + 1 + path.size(); length > longest_path_bytes)
      return refuse(path,
                    fmt::format("path at the target has {} bytes, the limit is {}; shorten or exclude it", length, longest_path_bytes));
    if (path.size() > limits.depth)  // a shorter one has fewer names
      if (const auto names = depth(options_.prefix) + depth(path); names > limits.depth)
        return refuse(path, fmt::format("path at the target has {} names, the limit is {}; flatten or exclude it", names, limits.depth));
    auto& contents = scan_.contents;
    Item item;
    item.parent = parent;
    item.root = root;
    item.mode = static_cast<std::uint16_t>(status.st_mode & 07777);
    item.mtime_ns = nanoseconds(status.st_mtim);
    item.ctime_ns = nanoseconds(status.st_ctim);
    item.inode = status.st_ino;
    item.name_at = static_cast<std::uint32_t>(contents.text.size());
    item.name_size = static_cast<std::uint16_t>(name.size());
    if (contents.text.size() > UINT32_MAX - 2 * longest_path_bytes || contents.items.size() >= Item::none)
      throw Error(Errc::limit, fmt::format("{}: the unit has too many names", printable(path)));
    note_time(status);
    if (S_ISDIR(status.st_mode)) {
      item.kind = Kind::directory;
      ++scan_.counts.directories;
    } else if (S_ISLNK(status.st_mode)) {
      const auto target = read_link_at(dir, name, path);
      if (!is_utf8(target)) return refuse(path, "link target is not UTF-8; make the link anew, or exclude it");
      item.kind = Kind::symlink;
      item.link_size = static_cast<std::uint16_t>(target.size());
      contents.text += name;
      item.link_at = static_cast<std::uint32_t>(contents.text.size());
      contents.text += target;
      ++scan_.counts.symlinks;
      contents.items.push_back(item);
      return static_cast<std::uint32_t>(contents.items.size() - 1);
    } else if (S_ISREG(status.st_mode)) {
      constexpr mode_t all_read = S_IRUSR | S_IRGRP | S_IROTH;
      if (!is_root_ && (status.st_mode & all_read) != all_read && ::faccessat(dir, name.c_str(), R_OK, AT_EACCESS) != 0)
        return refuse(path, "cannot read the file: permission denied; run as its owner, or exclude it");
      item.size_bytes = static_cast<std::uint64_t>(status.st_size);
      if ((item.mode & 07000) != 0) scan_.special_mode.push_back(path);
      const auto index = static_cast<std::uint32_t>(contents.items.size());
      if (status.st_nlink > 1) {
        const auto [first, is_new] =
            linked_.try_emplace({status.st_dev, status.st_ino}, Linked{index, 1, static_cast<std::uint64_t>(status.st_nlink)});
        if (!is_new) {
          ++first->second.seen;
          item.kind = Kind::hard_link;
          item.link_at = first->second.first;
        }
      }
      if (item.kind == Kind::file) scan_.counts.content_bytes += item.size_bytes;
      ++scan_.counts.files;
    } else {
      return refuse(path, fmt::format("is a {}, which a layer cannot carry; remove or exclude it", special_name(status.st_mode)));
    }
    contents.text += name;
    contents.items.push_back(item);
    return static_cast<std::uint32_t>(contents.items.size() - 1);
  }

  std::uint32_t refuse(const std::string& path, std::string what)
  {
    problem(path, std::move(what));
    return Item::none;
  }

  static std::size_t depth(std::string_view path) { return path.empty() ? 0 : 1 + static_cast<std::size_t>(std::ranges::count(path, '/')); }

  static std::string_view special_name(mode_t mode)
  {
    if (S_ISFIFO(mode)) return "FIFO";
    if (S_ISSOCK(mode)) return "socket";
    return "device";
  }

  void note_time(const struct stat& status)
  {
    if (nanoseconds(status.st_ctim) > racy_after_ns_) scan_.racy = true;
  }

  void finish_hard_links()
  {
    for (const auto& [file, linked] : linked_)
      if (linked.seen < linked.total) scan_.outside_links.push_back(scan_.contents.path(scan_.contents.items[linked.first]));
    std::ranges::sort(scan_.outside_links);
  }

  void fingerprint()
  {
    Sha256 hash;
    const auto& contents = scan_.contents;
    for (const auto& item : contents.items)
      scan_.counts.archive_bytes += tar::block_bytes + (item.kind == Kind::file ? tar::padded(item.size_bytes) : 0);
    for (const auto& root : contents.roots) hash.update(fmt::format("{}{}", root.path, root.is_directory ? "/\n" : "\n"));
    for (const auto& item : contents.items) {
      hash.update(std::as_bytes(std::span(&item.size_bytes, 1)));
      const std::array<std::uint64_t, 6> numbers{
          static_cast<std::uint64_t>(item.mtime_ns),
          static_cast<std::uint64_t>(item.ctime_ns),
          item.inode,
          std::uint64_t{item.parent} << 32 | item.root,
          std::uint64_t{item.link_at} << 32 | item.name_size,
          std::uint64_t{item.link_size} << 32 | std::uint64_t{item.mode} << 8 | static_cast<std::uint8_t>(item.kind)};
      hash.update(std::as_bytes(std::span(numbers)));
    }
    hash.update(contents.text);
    scan_.fingerprint = hash.finish();
  }

  /// One directory more is open while it lives.
  class Deeper {
  public:
    explicit Deeper(std::size_t& count) : count_(count) { ++count_; }
    ~Deeper() { --count_; }
    Deeper(const Deeper&) = delete;
    Deeper& operator=(const Deeper&) = delete;

  private:
    std::size_t& count_;
  };

  struct Linked {
    std::uint32_t first;
    std::uint64_t seen;
    std::uint64_t total;
  };

  int tree_;
  const ScanOptions& options_;
  const Task& task_;
  std::vector<Pattern> excludes_;
  std::int64_t racy_after_ns_ = 0;
  std::size_t open_directories_ = 0;
  const bool is_root_ = ::geteuid() == 0;
  std::map<std::pair<dev_t, ino_t>, Linked> linked_;  ///< files of other file systems may have the same number
  Scan scan_;
};

}  // namespace

Scan scan(int tree, const std::vector<std::string>& roots, const ScanOptions& options, const Task& task)
{
  Scanner scanner(tree, options, task);
  auto sorted = roots;
  std::ranges::sort(sorted);
  for (const auto& root : sorted) scanner.root(root);
  return scanner.finish();
}

}  // namespace cairn::layer
