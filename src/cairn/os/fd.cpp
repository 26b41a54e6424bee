// SPDX-License-Identifier: Apache-2.0
#include <cairn/os/fd.hpp>

#include <cairn/base/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <unistd.h>

namespace cairn {

void Fd::reset() noexcept
{
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

void Fd::close(const std::string& what)
{
  // After EINTR the descriptor is gone on Linux (close(2) "Dealing with error returns").
  if (::close(std::exchange(fd_, -1)) != 0 && errno != EINTR) throw_errno(errno, what);
}

Fd open_file(const std::filesystem::path& path, int flags, mode_t mode)
{
  for (;;) {
    const int fd = ::open(path.c_str(), flags | O_CLOEXEC, mode);
    if (fd >= 0) return Fd(fd);
    if (errno != EINTR) throw_errno(errno, printable(path.native()));
  }
}

Fd open_at(int dir, const std::string& name, int flags, mode_t mode, Shown shown)
{
  for (;;) {
    const int fd = ::openat(dir, name.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, mode);
    if (fd >= 0) return Fd(fd);
    if (errno != EINTR) throw_errno(errno, printable(shown.text));
  }
}

std::size_t read_full(int fd, std::span<std::byte> buffer, const std::string& what)
{
  std::size_t done = 0;
  while (done < buffer.size()) {
    const auto n = ::read(fd, buffer.data() + done, buffer.size() - done);
    if (n == 0) break;
    if (n > 0) done += static_cast<std::size_t>(n);
    else if (errno != EINTR) throw_errno(errno, what);
  }
  return done;
}

std::size_t read_full_at(int fd, std::span<std::byte> buffer, std::uint64_t offset, const std::string& what)
{
  std::size_t done = 0;
  while (done < buffer.size()) {
    const auto n = ::pread(fd, buffer.data() + done, buffer.size() - done, static_cast<off_t>(offset + done));
    if (n == 0) break;
    if (n > 0) done += static_cast<std::size_t>(n);
    else if (errno != EINTR) throw_errno(errno, what);
  }
  return done;
}

void write_full(int fd, std::span<const std::byte> bytes, const std::string& what)
{
  while (!bytes.empty()) {
    const auto n = ::write(fd, bytes.data(), bytes.size());
    if (n >= 0) bytes = bytes.subspan(static_cast<std::size_t>(n));
    else if (errno != EINTR) throw_errno(errno, what);
  }
}

std::string read_small_file(const std::filesystem::path& path, std::uint64_t limit_bytes)
{
  const auto shown = printable(path.native());
  // O_NONBLOCK: a FIFO must not make us wait.
  const auto fd = open_file(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  struct stat status{};
  if (::fstat(fd.get(), &status) != 0) throw_errno(errno, shown);
  if (!S_ISREG(status.st_mode)) throw Error(Errc::bad_input, fmt::format("{}: not a regular file", shown));
  std::string text(static_cast<std::size_t>(std::min(static_cast<std::uint64_t>(status.st_size), limit_bytes)) + 1, '\0');
  const auto size = read_full(fd.get(), std::as_writable_bytes(std::span(text)), shown);
  if (size > limit_bytes) throw Error(Errc::limit, fmt::format("{}: larger than the limit of {} bytes", shown, limit_bytes));
  if (size == text.size()) throw Error(Errc::changed, fmt::format("{}: grew while it was read", shown));
  text.resize(size);
  return text;
}

std::span<const std::byte> as_bytes(std::string_view text) { return std::as_bytes(std::span(text)); }

std::string_view as_text(std::span<const std::byte> bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

}  // namespace cairn
