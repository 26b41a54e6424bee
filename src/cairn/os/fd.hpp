// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <sys/stat.h>

namespace cairn {

/// A path for errors alone: a view, since most are never shown.
struct Shown {
  Shown(const std::filesystem::path& path) : text(path.native()) {}
  Shown(const std::string& path) : text(path) {}
  Shown(std::string_view path) : text(path) {}
  Shown(const char* path) : text(path) {}
  std::string_view text;
};

/// Owns a file descriptor. One thread at a time.
class Fd {
public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  ~Fd() { reset(); }
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept
  {
    if (this != &other) {
      reset();
      fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
  }

  [[nodiscard]] int get() const noexcept { return fd_; }
  [[nodiscard]] explicit operator bool() const noexcept { return fd_ >= 0; }
  [[nodiscard]] int release() noexcept { return std::exchange(fd_, -1); }
  void reset() noexcept;  ///< closes; errors are ignored: use `close` after writing
  /// Close and report: on NFS a full disk shows here first. Throws Error naming `what`.
  void close(const std::string& what);

private:
  int fd_ = -1;
};

/// open(2) with O_CLOEXEC added; retries EINTR. Throws Error naming the path.
[[nodiscard]] Fd open_file(const std::filesystem::path& path, int flags, mode_t mode = 0666);
/// openat(2) of one name (no slash) beneath `dir` with O_CLOEXEC and O_NOFOLLOW added. `shown` is for the error.
[[nodiscard]] Fd open_at(int dir, const std::string& name, int flags, mode_t mode, Shown shown);

/// Read until `buffer` is full or the end: how many bytes came. Throws Error naming `what`.
[[nodiscard]] std::size_t read_full(int fd, std::span<std::byte> buffer, const std::string& what);
[[nodiscard]] std::size_t read_full_at(int fd, std::span<std::byte> buffer, std::uint64_t offset, const std::string& what);
/// Write all of it. Throws Error naming `what` (no_space when the disk is full).
void write_full(int fd, std::span<const std::byte> bytes, const std::string& what);

/// A small file whole. Throws Error{limit} when it is larger than `limit_bytes`, Error{bad_input} when it is not
/// a regular file; symbolic links are followed only in directories.
[[nodiscard]] std::string read_small_file(const std::filesystem::path& path, std::uint64_t limit_bytes);

[[nodiscard]] std::span<const std::byte> as_bytes(std::string_view text);
[[nodiscard]] std::string_view as_text(std::span<const std::byte> bytes);

}  // namespace cairn
