// SPDX-License-Identifier: Apache-2.0
#include <cairn/volume/small_file.hpp>

#include <cairn/base/error.hpp>
#include <cairn/os/fd.hpp>

#include <fmt/format.h>

#include <cerrno>
#include <random>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace cairn::volume {
namespace {

bool is_there(int dir, const std::string& name)
{
  struct stat status{};
  return ::fstatat(dir, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0;
}

}  // namespace

std::string random_name()
{
  std::random_device device;
  return fmt::format("{:08x}{:08x}{:08x}{:08x}", device(), device(), device(), device());
}

void rename_at(int dir, const std::string& from, const std::string& to, const std::filesystem::path& shown)
{
  if (::renameat(dir, from.c_str(), dir, to.c_str()) == 0) return;
  const int why = errno;
  // rename(2), BUGS: on NFS a failure may have happened after the deed.
  if (!is_there(dir, from) && is_there(dir, to)) return;
  throw_errno(why, printable(shown.native()));
}

void flush(int dir, const std::filesystem::path& shown)
{
  while (::fsync(dir) != 0) {
    if (errno == EINVAL) return;
    if (errno != EINTR) throw_errno(errno, printable(shown.native()));
  }
}

void replace_file(int dir, const std::string& name, std::string_view content, const std::filesystem::path& shown)
{
  const auto what = printable(shown.native());
  const auto temporary = ".tmp-" + random_name();
  auto fd = open_at(dir, temporary, O_WRONLY | O_CREAT | O_EXCL, 0664, shown);
  try {
    write_full(fd.get(), as_bytes(content), what);
    while (::fsync(fd.get()) != 0)
      if (errno != EINTR) throw_errno(errno, what);
    fd.close(what);
    rename_at(dir, temporary, name, shown);
  } catch (...) {
    ::unlinkat(dir, temporary.c_str(), 0);
    throw;
  }
  flush(dir, shown);
}

void replace_link(int dir, const std::string& name, const std::string& text, const std::filesystem::path& shown)
{
  const auto temporary = ".tmp-" + random_name();
  if (::symlinkat(text.c_str(), dir, temporary.c_str()) != 0) throw_errno(errno, printable(shown.native()));
  try {
    rename_at(dir, temporary, name, shown);
  } catch (...) {
    ::unlinkat(dir, temporary.c_str(), 0);
    throw;
  }
}

std::optional<std::string> read_file(int dir, const std::string& name, const std::filesystem::path& shown)
{
  const auto what = printable(shown.native());
  // O_NONBLOCK: a FIFO that somebody planted must not make us wait.
  Fd fd(::openat(dir, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!fd && errno == ENOENT) return std::nullopt;
  if (!fd && errno == ELOOP) throw Error(Errc::bad_input, fmt::format("{}: is a symbolic link; cairn did not make it", what));
  if (!fd) throw_errno(errno, what);
  struct stat status{};
  if (::fstat(fd.get(), &status) != 0) throw_errno(errno, what);
  if (!S_ISREG(status.st_mode)) throw Error(Errc::bad_input, fmt::format("{}: is not a regular file; cairn did not make it", what));
  if (static_cast<std::uint64_t>(status.st_size) > record_limit_bytes)
    throw Error(Errc::limit, fmt::format("{}: is larger than {} bytes", what, record_limit_bytes));
  std::string text(static_cast<std::size_t>(status.st_size), '\0');
  text.resize(read_full(fd.get(), std::as_writable_bytes(std::span(text)), what));
  return text;
}

}  // namespace cairn::volume
