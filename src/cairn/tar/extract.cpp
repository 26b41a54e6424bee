// SPDX-License-Identifier: Apache-2.0
//
// How nothing outside the root is touched: no path is ever given to the kernel, only single names beneath a descriptor
// of a directory that was reached the same way, always with O_NOFOLLOW or AT_SYMLINK_NOFOLLOW. A symbolic link on the
// way is read and walked by us, with the root as `/` and as the parent of itself (what openat2 calls RESOLVE_IN_ROOT),
// because layers do write through links of lower layers (`lib -> usr/lib`, then `lib/x`). So whatever is swapped
// while we work, the next name is looked up in a directory beneath the root.
//
// How whiteouts speak of lower layers only: `written_` knows what this layer has put where, each with its parents, and
// hiding removes all but that. Directories get their modes and times at the end, deepest first: until then they must
// be writable, and each new name in them would change their time.
#include <cairn/tar/extract.hpp>

#include <cairn/base/error.hpp>
#include <cairn/base/log.hpp>
#include <cairn/os/beneath.hpp>
#include <cairn/os/fd.hpp>
#include <cairn/tar/entry_set.hpp>
#include <cairn/tar/reader.hpp>
#include <cairn/tar/whiteout.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <map>
#include <string_view>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

namespace cairn::tar {
namespace {

constexpr std::size_t copy_buffer_bytes = std::size_t{256} << 10;
constexpr int largest_link_count = 40;           // as the kernel: path_resolution(7)
constexpr std::size_t largest_open_depth = 400;  // directories on the way are kept open; RLIMIT_NOFILE is often 1024
constexpr mode_t implicit_mode = 0755;           // of parents that the layer does not describe
constexpr int directory_flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

std::string joined(std::string_view directory, std::string_view name)
{
  return directory.empty() ? std::string(name) : fmt::format("{}/{}", directory, name);
}

/// Put the components of `path` on `pending`, so that the first is popped first.
void push_components(std::vector<std::string>& pending, std::string_view path)
{
  while (!path.empty()) {
    const auto slash = path.rfind('/');
    const auto component = path.substr(slash == std::string_view::npos ? 0 : slash + 1);
    if (!component.empty() && component != ".") pending.emplace_back(component);
    path = path.substr(0, slash == std::string_view::npos ? 0 : slash);
  }
}

std::pair<std::string_view, std::string> split(std::string_view path)
{
  const auto slash = path.rfind('/');
  if (slash == std::string_view::npos) return {{}, std::string(path)};
  return {path.substr(0, slash), std::string(path.substr(slash + 1))};
}

// NOLINTBEGIN(clang-analyzer-core.CallAndMessage): the analyzer does not see what lambdas capture
class Extraction {
public:
  Extraction(Source& tar, const std::filesystem::path& root, const ExtractOptions& options, const std::string& what, const Task& task)
      : reader_(tar, what), options_(options), what_(what), task_(task), buffer_(copy_buffer_bytes), root_(open_root(root))
  {
    make_writable(root_.get(), "");
  }

  Extracted run()
  {
    while (const auto entry = reader_.next()) {
      task_.check();
      name_entry(entry->path);
      ++done_.entries;
      if (const auto whiteout = in_context([&] { return shown_; }, [&] { return whiteout_of(*entry); })) hide(*entry, *whiteout);
      else if (entry->type == Type::directory) add_directory(*entry);
      else add(*entry);
    }
    finish_directories();
    return done_;
  }

private:
  enum class Missing { create, stop };

  struct Level {
    std::string name;
    Fd fd;
  };

  /// What a directory gets at the end.
  struct Directory {
    std::string path;
    mode_t mode = 0;
    bool described = false;  ///< by an entry: the rest counts too
    std::uint64_t uid = 0;
    std::uint64_t gid = 0;
    std::int64_t mtime = 0;
    std::map<std::string, std::string> xattrs;
  };

  void name_entry(std::string_view path) { shown_ = fmt::format("{}: {}", what_, printable(path)); }
  [[noreturn]] void refuse(std::string_view why) const { throw Error(Errc::bad_input, fmt::format("{}: {}", shown_, why)); }
  [[noreturn]] void fail() const { throw_errno(errno, shown_); }

  /// The directory that `enter` came to.
  [[nodiscard]] int here() const { return levels_.empty() ? root_.get() : levels_.back().fd.get(); }

  /// Come to `directory`, in-root. The way there stays open, so that neighbours cost nothing. False: it is not there.
  bool enter(std::string_view directory, Missing missing)
  {
    if (entered_ && asked_ == directory) return true;
    entered_ = false;
    std::vector<std::string> pending;
    push_components(pending, directory);
    std::size_t depth = 0;
    int links = 0;
    while (!pending.empty()) {
      const auto name = std::move(pending.back());
      pending.pop_back();
      if (name == "..") {
        if (depth != 0) --depth;  // all levels are real directories: their parents are the ones we came through
        continue;
      }
      if (depth < levels_.size() && levels_[depth].name == name) {
        ++depth;
        continue;
      }
      levels_.resize(depth);
      if (depth == largest_open_depth)
        throw Error(Errc::limit, fmt::format("{}: leads deeper than {} directories", shown_, largest_open_depth));
      auto fd = open_directory(here(), name, joined(path_of_levels(), name));
      if (!fd && errno == ENOENT) {
        if (missing == Missing::stop) return false;
        fd = create_parent(name);
      }
      if (fd) {
        levels_.push_back({name, std::move(fd)});
        ++depth;
        continue;
      }
      if (errno != ENOTDIR && errno != ELOOP) fail();
      const auto target = read_parent_link(name);
      if (++links > largest_link_count) refuse(fmt::format("follows more than {} symbolic links", largest_link_count));
      if (target.starts_with('/')) depth = 0;
      push_components(pending, target);
    }
    levels_.resize(depth);
    here_path_ = path_of_levels();
    asked_ = directory;
    entered_ = true;
    return true;
  }

  [[nodiscard]] std::string path_of_levels() const
  {
    std::string path;
    for (const auto& level : levels_) path = joined(path, level.name);
    return path;
  }

  /// The directory `name` of `parent`, made writable until the end; no fd and errno when it is none.
  Fd open_directory(int parent, const std::string& name, const std::string& path)
  {
    Fd fd(::openat(parent, name.c_str(), directory_flags));
    if (!fd && errno == EACCES) {
      struct stat status{};
      if (::fstatat(parent, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISDIR(status.st_mode)) fail();
      if (::fchmodat(parent, name.c_str(), (status.st_mode & 07777) | S_IRWXU, AT_SYMLINK_NOFOLLOW) != 0) fail();
      directories_.push_back({.path = path, .mode = status.st_mode & 07777, .xattrs = {}});
      fd = Fd(::openat(parent, name.c_str(), directory_flags));
    }
    if (fd) make_writable(fd.get(), path);
    return fd;
  }

  /// Give the owner all rights in a directory until the end. Root mostly needs none of it, but may lack
  /// CAP_DAC_OVERRIDE.
  void make_writable(int fd, const std::string& path)
  {
    struct stat status{};
    if (::fstat(fd, &status) != 0) fail();
    if ((status.st_mode & S_IRWXU) == S_IRWXU || status.st_uid != ::geteuid()) return;
    if (::fchmod(fd, (status.st_mode & 07777) | S_IRWXU) != 0) fail();
    directories_.push_back({.path = path, .mode = status.st_mode & 07777, .xattrs = {}});
  }

  /// A directory whose mode will be set anyway; now it may deny its owner, as the umask or a lower layer wanted it.
  Fd open_whatever_its_mode(const std::string& name)
  {
    Fd fd(::openat(here(), name.c_str(), directory_flags));
    if (!fd && errno == EACCES && ::fchmodat(here(), name.c_str(), S_IRWXU, AT_SYMLINK_NOFOLLOW) == 0)
      fd = Fd(::openat(here(), name.c_str(), directory_flags));
    return fd;
  }

  Fd create_parent(const std::string& name)
  {
    if (::mkdirat(here(), name.c_str(), S_IRWXU) != 0 && errno != EEXIST) fail();
    Fd fd = open_whatever_its_mode(name);
    if (!fd) fail();
    const auto path = joined(path_of_levels(), name);
    make_writable(fd.get(), path);
    directories_.push_back({.path = path, .mode = implicit_mode, .xattrs = {}});
    return fd;
  }

  /// The target of a link that stands where a directory must be.
  std::string read_parent_link(const std::string& name)
  {
    const auto path = joined(path_of_levels(), name);
    struct stat status{};
    if (::fstatat(here(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) fail();
    if (!S_ISLNK(status.st_mode)) refuse(fmt::format("parent {} is not a directory", printable(path)));
    // No tree can hold something below a link: an archive that says so wants to be led somewhere.
    if (written_.contains(path)) refuse(fmt::format("parent {} is a symbolic link of the same layer", printable(path)));
    return read_link_at(here(), name, path);
  }

  /// Note that this layer holds `name` in the directory we are in; refuses what it held before.
  void write_down(const std::string& path)
  {
    if (!written_.insert(path)) refuse("comes twice in the layer");
    write_down_parents(path);
  }
  void write_down_parents(std::string_view path)
  {
    for (auto slash = path.rfind('/'); slash != std::string_view::npos; slash = path.rfind('/')) {
      path = path.substr(0, slash);
      if (!written_.insert(path)) return;  // and so were its parents
    }
  }

  void add_directory(const Entry& entry)
  {
    if (entry.path.empty()) {
      describe(entry, "");
      return;
    }
    const auto [parent, name] = split(entry.path);
    enter(parent, Missing::create);
    const auto path = joined(here_path_, name);
    if (::mkdirat(here(), name.c_str(), S_IRWXU) != 0) {
      if (errno != EEXIST) fail();
      struct stat status{};
      if (::fstatat(here(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) fail();
      if (!S_ISDIR(status.st_mode)) {
        if (written_.contains(path)) refuse("comes twice in the layer");
        remove(here(), name, path);
        if (::mkdirat(here(), name.c_str(), S_IRWXU) != 0) fail();
      }
    }
    // A directory may come again (bazel writes them so): the last one counts, for every reader.
    if (written_.insert(path)) write_down_parents(path);
    describe(entry, path);
  }

  void describe(const Entry& entry, std::string path)
  {
    directories_.push_back({std::move(path), entry.mode, true, entry.uid, entry.gid, entry.mtime, entry.xattrs});
  }

  void remove(int directory, const std::string& name, const std::string& path)
  {
    in_context([&] { return what_; }, [&] { remove_beneath(directory, name, path); });
  }

  void add(const Entry& entry)
  {
    const auto [parent, name] = split(entry.path);
    if (entry.type == Type::hard_link) {
      add_hard_link(entry, parent, name);
      return;
    }
    enter(parent, Missing::create);
    const auto path = joined(here_path_, name);
    write_down(path);
    switch (entry.type) {
      case Type::file: add_file(entry, name, path); break;
      case Type::symlink:
        place(name, path, [&] { return ::symlinkat(entry.link.c_str(), here(), name.c_str()); });
        finish_node(entry, name);
        break;
      case Type::fifo:
        place(name, path, [&] { return ::mknodat(here(), name.c_str(), S_IFIFO | S_IRUSR | S_IWUSR, 0); });
        finish_node(entry, name);
        break;
      default: add_device(entry, name, path); break;
    }
  }

  /// Call `make`; when a lower layer holds the name, once more after removing that.
  template <class Make>
  int place(const std::string& name, const std::string& path, const Make& make)
  {
    int result = make();
    if (result < 0 && errno == EEXIST) {
      remove(here(), name, path);
      result = make();
    }
    if (result < 0) fail();
    return result;
  }

  void add_file(const Entry& entry, const std::string& name, const std::string& path)
  {
    // Always a new file: what is there may be a link, or linked from elsewhere.
    Fd fd(place(name, path,
                [&] { return ::openat(here(), name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR); }));
    while (const auto size = reader_.read(buffer_)) {
      write_full(fd.get(), std::span(buffer_).first(size), shown_);
      done_.bytes += size;
      task_.advance(size);
    }
    finish_fd(fd.get(), entry.mode, entry.uid, entry.gid, entry.mtime, entry.xattrs);
    fd.close(shown_);
  }

  void add_device(const Entry& entry, const std::string& name, const std::string& path)
  {
    const bool character = entry.type == Type::char_device;
    if (character && entry.device_major == 0 && entry.device_minor == 0)
      refuse("character device 0,0 is a whiteout of overlayfs, not of a layer");
    if (::geteuid() != 0) throw Error(Errc::unsupported, fmt::format("{}: only root can make devices", shown_));
    place(name, path, [&] {
      return ::mknodat(here(), name.c_str(), (character ? S_IFCHR : S_IFBLK) | S_IRUSR | S_IWUSR,
                       ::makedev(entry.device_major, entry.device_minor));
    });
    finish_node(entry, name);
  }

  /// A further name for what the target is: the entry's own mode and times say nothing.
  void add_hard_link(const Entry& entry, std::string_view parent, const std::string& name)
  {
    const auto [target_parent, target_name] = split(entry.link);
    struct stat status{};
    const auto missing = [&] { refuse(fmt::format("hard link to {}, which is not there", printable(entry.link))); };
    if (!enter(target_parent, Missing::stop)) missing();
    if (::fstatat(here(), target_name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
      if (errno != ENOENT) fail();
      missing();
    }
    if (!S_ISREG(status.st_mode) && !S_ISLNK(status.st_mode))
      refuse(fmt::format("hard link to {}, which is not a file", printable(entry.link)));
    const auto target_path = joined(here_path_, target_name);
    const Fd target_directory(::fcntl(here(), F_DUPFD_CLOEXEC, 0));
    if (!target_directory) fail();

    enter(parent, Missing::create);
    const auto path = joined(here_path_, name);
    if (path == target_path) refuse("hard link to itself");
    write_down(path);
    // Without AT_SYMLINK_FOLLOW a link is made to the link itself.
    place(name, path, [&] { return ::linkat(target_directory.get(), target_name.c_str(), here(), name.c_str(), 0); });
  }

  void hide(const Entry& entry, const Whiteout& whiteout)
  {
    // Asked once only: each time costs a look at all that this layer wrote there.
    if (!written_.insert(entry.path)) refuse("comes twice in the layer");
    const bool whole = whiteout.hides == Whiteout::Hides::path;
    const auto [parent, name] = whole ? split(whiteout.path) : std::pair<std::string_view, std::string>(whiteout.path, "");
    if (!enter(parent, Missing::stop)) return;
    if (whole) hide_below(here(), name, joined(here_path_, name));
    else hide_content(here(), here_path_);
  }

  void hide_content(int directory, const std::string& path)
  {
    // A descriptor of its own: `directory` may be read again, and has one offset.
    const Fd own(::openat(directory, ".", directory_flags));
    if (!own) fail();
    const auto children = in_context([&] { return what_; }, [&] { return list_directory(own.get(), path); });
    for (const auto& child : children) hide_below(directory, child.name, joined(path, child.name));
  }

  void hide_below(int directory, const std::string& name, const std::string& path)
  {
    if (!written_.contains(path)) {
      remove(directory, name, path);
      return;
    }
    const Fd fd = open_directory(directory, name, path);
    if (fd) hide_content(fd.get(), path);
    else if (errno != ENOTDIR && errno != ELOOP) fail();
  }

  [[nodiscard]] mode_t final_mode(std::uint32_t mode) const
  {
    // What runs with another's rights is the other's to give.
    return options_.owner == Owner::archive ? mode : mode & ~mode_t{S_ISUID | S_ISGID};
  }

  static std::array<timespec, 2> times(std::int64_t mtime) { return {timespec{0, UTIME_OMIT}, timespec{static_cast<time_t>(mtime), 0}}; }

  /// Owner first: chown(2) clears set-id bits and capabilities. Time last.
  void finish_fd(int fd, std::uint32_t mode, std::uint64_t uid, std::uint64_t gid, std::int64_t mtime,
                 const std::map<std::string, std::string>& xattrs)
  {
    if (options_.owner == Owner::archive && ::fchown(fd, static_cast<uid_t>(uid), static_cast<gid_t>(gid)) != 0) fail();
    if (::fchmod(fd, final_mode(mode)) != 0) fail();
    for (const auto& [key, value] : xattrs) set_xattr(key, [&] { return ::fsetxattr(fd, key.c_str(), value.data(), value.size(), 0); });
    const auto both = times(mtime);
    if (::futimens(fd, both.data()) != 0) fail();
  }

  /// The same for what must not be opened.
  void finish_node(const Entry& entry, const std::string& name)
  {
    const auto uid = static_cast<uid_t>(entry.uid);
    const auto gid = static_cast<gid_t>(entry.gid);
    if (options_.owner == Owner::archive && ::fchownat(here(), name.c_str(), uid, gid, AT_SYMLINK_NOFOLLOW) != 0) fail();
    if (entry.type != Type::symlink && ::fchmodat(here(), name.c_str(), final_mode(entry.mode), AT_SYMLINK_NOFOLLOW) != 0) fail();
    // There is no lsetxattrat before Linux 6.13; /proc leads to the directory that we hold, whatever its name is now.
    const auto place = fmt::format("/proc/self/fd/{}/{}", here(), name);
    for (const auto& [key, value] : entry.xattrs)
      set_xattr(key, [&] { return ::lsetxattr(place.c_str(), key.c_str(), value.data(), value.size(), 0); });
    const auto both = times(entry.mtime);
    if (::utimensat(here(), name.c_str(), both.data(), AT_SYMLINK_NOFOLLOW) != 0) fail();
  }

  /// `user.*`, and for Owner::archive also capabilities, ACLs and `trusted.*`; never what overlayfs or SELinux would
  /// take for their own.
  [[nodiscard]] bool wants_xattr(std::string_view key) const
  {
    if (key.starts_with("user.overlay.") || key.starts_with("trusted.overlay.")) return false;
    if (key.starts_with("user.")) return true;
    return options_.owner == Owner::archive &&
           (key == "security.capability" || key.starts_with("system.posix_acl_") || key.starts_with("trusted."));
  }

  template <class Set>
  void set_xattr(const std::string& key, const Set& set)
  {
    const bool wanted = wants_xattr(key);
    if (wanted && set() == 0) return;
    if (wanted && errno != ENOTSUP && errno != EPERM && errno != EACCES && errno != ENOENT && errno != E2BIG && errno != ENOSPC) fail();
    if (!std::exchange(xattrs_dropped_, true))
      log::warn("{}: extended attribute {} is not kept, and perhaps others", shown_, printable(key));
  }

  void finish_directories()
  {
    auto directories = std::exchange(directories_, {});
    // Bytewise descending: what is below a directory comes before it. Of several for one path the last counts, and what
    // an entry says comes after what was there.
    std::ranges::stable_sort(
        directories, [](const Directory& a, const Directory& b) { return a.path != b.path ? a.path > b.path : a.described < b.described; });
    for (const auto& directory : directories) {
      name_entry(directory.path);
      if (directory.path.empty()) {
        if (owns_root()) finish_directory(root_.get(), directory);
        continue;
      }
      const auto [parent, name] = split(directory.path);
      if (!enter(parent, Missing::stop)) continue;  // hidden since
      const Fd fd = open_whatever_its_mode(name);
      if (fd) finish_directory(fd.get(), directory);
      else if (directory.described || (errno != ENOENT && errno != ENOTDIR && errno != ELOOP)) fail();
    }
  }

  /// Whether the root's own mode is ours to set: the root may be a volume that belongs to somebody else.
  [[nodiscard]] bool owns_root() const
  {
    struct stat status{};
    if (::fstat(root_.get(), &status) != 0) throw_errno(errno, what_);
    return ::geteuid() == 0 || status.st_uid == ::geteuid();
  }

  void finish_directory(int fd, const Directory& directory)
  {
    if (directory.described) finish_fd(fd, directory.mode, directory.uid, directory.gid, directory.mtime, directory.xattrs);
    else if (::fchmod(fd, directory.mode) != 0) fail();
  }

  Reader reader_;
  ExtractOptions options_;
  const std::string& what_;
  const Task& task_;
  std::vector<std::byte> buffer_;
  std::string shown_ = what_;  ///< names the current entry in errors
  Extracted done_;

  std::vector<Directory> directories_;
  EntrySet written_;
  bool xattrs_dropped_ = false;

  Fd root_;
  std::vector<Level> levels_;  ///< the open way from the root to where we are
  std::string here_path_;      ///< the same as text: real directories only
  std::string asked_;          ///< what was asked for to come here
  bool entered_ = false;
};

// NOLINTEND(clang-analyzer-core.CallAndMessage)

}  // namespace

Extracted extract_layer(Source& tar, const std::filesystem::path& root, const ExtractOptions& options, const std::string& what,
                        const Task& task)
{
  return Extraction(tar, root, options, what, task).run();
}

}  // namespace cairn::tar
