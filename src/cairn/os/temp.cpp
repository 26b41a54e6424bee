// SPDX-License-Identifier: Apache-2.0
#include <cairn/os/temp.hpp>

#include <cairn/base/error.hpp>
#include <cairn/os/beneath.hpp>

#include <fmt/format.h>

#include <cerrno>
#include <cstdlib>
#include <exception>
#include <random>
#include <string>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

namespace cairn {
namespace {

constexpr std::string_view temporary_prefix = ".tmp-";

std::string random_name()
{
  std::random_device device;
  return fmt::format("{}{:08x}{:08x}", temporary_prefix, device(), device());
}

}  // namespace

TempDir::TempDir(const std::filesystem::path& parent)
{
  std::string name = (parent / "cairn-XXXXXX").native();
  if (::mkdtemp(name.data()) == nullptr) throw_errno(errno, printable(parent.native()));
  path_ = name;
}

TempDir::~TempDir()
{
  try {
    // Not remove_all: that gives up on directories that deny their owner.
    const auto parent = open_root(path_.parent_path());
    remove_beneath(parent.get(), path_.filename(), path_);
  } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch): what cannot be removed stays
  }
}

TempFile::TempFile(const std::filesystem::path& directory, mode_t mode)
{
  // Between open and flock another process may take the file for a leftover: then it holds the lock or has removed the
  // name, and we take another one.
  for (;;) {
    path_ = directory / random_name();
    fd_ = open_file(path_, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, mode);
    if (::flock(fd_.get(), LOCK_EX | LOCK_NB) != 0) {
      if (errno == EWOULDBLOCK) continue;
      if (errno != ENOLCK && errno != EOPNOTSUPP) throw_errno(errno, printable(path_.native()));
    }
    struct stat status {};
    if (::fstat(fd_.get(), &status) == 0 && status.st_nlink != 0) break;
  }
  // The mode must not depend on the caller's umask.
  if (::fchmod(fd_.get(), mode) != 0 && errno != EPERM) throw_errno(errno, printable(path_.native()));
}

TempFile::~TempFile()
{
  if (!path_.empty()) ::unlink(path_.c_str());
}

TempFile::TempFile(TempFile&& other) noexcept : fd_(std::move(other.fd_)), path_(std::move(other.path_))
{
  other.path_.clear();
}

void TempFile::publish(const std::filesystem::path& target, Flush flush)
{
  if (flush == Flush::yes && ::fdatasync(fd_.get()) != 0) throw_errno(errno, printable(target.native()));
  if (::rename(path_.c_str(), target.c_str()) != 0) throw_errno(errno, printable(target.native()));
  path_.clear();
  fd_.close(printable(target.native()));
  if (flush == Flush::yes) flush_directory(target.parent_path());
}

std::size_t remove_stale_temporaries(const std::filesystem::path& directory)
{
  std::size_t removed = 0;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
    if (!entry.path().filename().native().starts_with(temporary_prefix)) continue;
    const Fd fd(::open(entry.path().c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    if (!fd || ::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) continue;  // its writer lives, or it is not ours
    if (::unlink(entry.path().c_str()) == 0) ++removed;
  }
  return removed;
}

void write_file_atomically(const std::filesystem::path& target, std::string_view content, Flush flush, mode_t mode)
{
  TempFile file(target.parent_path(), mode);
  write_full(file.fd(), as_bytes(content), printable(target.native()));
  file.publish(target, flush);
}

void flush_directory(const std::filesystem::path& directory)
{
  const auto fd = open_file(directory.empty() ? "." : directory, O_RDONLY | O_DIRECTORY);
  if (::fsync(fd.get()) != 0 && errno != EINVAL) throw_errno(errno, printable(directory.native()));
}

}  // namespace cairn
