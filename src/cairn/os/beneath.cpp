// SPDX-License-Identifier: Apache-2.0
#include <cairn/os/beneath.hpp>

#include <cairn/base/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <string_view>

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace cairn {
namespace {

/// What getdents64(2) fills in.
struct KernelDirent {
  std::uint64_t inode;
  std::int64_t offset;
  unsigned short length;
  unsigned char type;
  char name[1];
};

}  // namespace

Fd open_root(const std::filesystem::path& path) { return open_file(path, O_RDONLY | O_DIRECTORY); }

Fd open_beneath(int root, std::string_view relative, int flags, Shown shown)
{
  if (relative.empty()) {
    Fd self(::openat(root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!self) throw_errno(errno, printable(shown.text));
    return self;
  }
  for (auto rest = relative;;) {
    const auto slash = rest.find('/');
    const auto name = rest.substr(0, slash);
    if (name.empty() || name == "." || name == "..")
      throw Error(Errc::bad_input, fmt::format("{}: {} is not a plain path component", printable(shown.text), printable(name)));
    if (slash == std::string_view::npos) break;
    rest.remove_prefix(slash + 1);
  }
  struct open_how how {};
  how.flags = static_cast<std::uint64_t>(flags | O_NOFOLLOW | O_CLOEXEC);
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;
  if (Fd fd(static_cast<int>(::syscall(SYS_openat2, root, std::string(relative).c_str(), &how, sizeof how))); fd) return fd;
  // Whatever went wrong (no openat2 here, a seccomp filter, a link on the way): the walk below finds it again and says it.
  Fd current;
  for (;;) {
    const auto slash = relative.find('/');
    const std::string name(relative.substr(0, slash));
    const int from = current ? current.get() : root;
    const bool last = slash == std::string_view::npos;
    Fd next(::openat(from, name.c_str(), (last ? flags : O_PATH | O_DIRECTORY) | O_NOFOLLOW | O_CLOEXEC));
    if (!next) {
      const int why = errno;
      struct stat status {};
      const bool link = ::fstatat(from, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(status.st_mode);
      if (link) throw Error(Errc::bad_input, fmt::format("{}: {} is a symbolic link", printable(shown.text), printable(name)));
      throw_errno(why, printable(shown.text));
    }
    if (last) return next;
    current = std::move(next);
    relative.remove_prefix(slash + 1);
  }
}

std::vector<DirectoryEntry> list_directory(int dir, Shown shown)
{
  alignas(KernelDirent) std::array<char, 32768> buffer;
  std::vector<DirectoryEntry> names;
  for (;;) {
    const auto size = ::syscall(SYS_getdents64, dir, buffer.data(), buffer.size());
    if (size < 0) throw_errno(errno, printable(shown.text));
    if (size == 0) break;
    for (long at = 0; at < size;) {
      const auto* entry = reinterpret_cast<const KernelDirent*>(buffer.data() + at);
      at += entry->length;
      const std::string_view name = static_cast<const char*>(entry->name);
      if (name != "." && name != "..") names.push_back({std::string(name), entry->type});
    }
  }
  std::ranges::sort(names, {}, &DirectoryEntry::name);
  return names;
}

struct stat stat_at(int dir, const std::string& name, Shown shown)
{
  struct stat status {};
  if (::fstatat(dir, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) throw_errno(errno, printable(shown.text));
  return status;
}

std::string read_link_at(int dir, const std::string& name, Shown shown)
{
  std::array<char, PATH_MAX + 1> target;
  const auto size = ::readlinkat(dir, name.c_str(), target.data(), target.size());
  if (size < 0) throw_errno(errno, printable(shown.text));
  if (size > PATH_MAX) throw Error(Errc::limit, fmt::format("{}: link target is longer than {} bytes", printable(shown.text), PATH_MAX));
  return {target.data(), static_cast<std::size_t>(size)};
}

void remove_beneath(int dir, const std::string& name, const std::filesystem::path& shown)
{
  if (::unlinkat(dir, name.c_str(), 0) == 0 || errno == ENOENT) return;
  if (errno != EISDIR) throw_errno(errno, printable(shown.native()));
  constexpr int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  Fd inside(::openat(dir, name.c_str(), flags));
  if (!inside && errno == EACCES && ::fchmodat(dir, name.c_str(), S_IRWXU, AT_SYMLINK_NOFOLLOW) == 0)
    inside = Fd(::openat(dir, name.c_str(), flags));
  if (!inside) throw_errno(errno, printable(shown.native()));
  struct stat status {};
  if (::fstat(inside.get(), &status) != 0) throw_errno(errno, printable(shown.native()));
  // Should it be somebody else's, unlinking below says so.
  if ((status.st_mode & S_IRWXU) != S_IRWXU) static_cast<void>(::fchmod(inside.get(), S_IRWXU));
  for (const auto& child : list_directory(inside.get(), shown)) remove_beneath(inside.get(), child.name, shown / child.name);
  if (::unlinkat(dir, name.c_str(), AT_REMOVEDIR) != 0 && errno != ENOENT) throw_errno(errno, printable(shown.native()));
}

}  // namespace cairn
