// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/io/stream.hpp>
#include <cairn/os/fd.hpp>

#include <filesystem>
#include <string>

namespace cairn {

/// A file, or `size_bytes` of it from `offset`, read with pread: several may read one descriptor.
class FileSource final : public Source {
public:
  /// All of `path`, which must be a regular file and no symbolic link.
  explicit FileSource(const std::filesystem::path& path);
  /// A part; `what` names it in errors. Ends early when the file does.
  FileSource(Fd fd, std::uint64_t offset, std::uint64_t size_bytes, std::string what);
  std::size_t read(std::span<std::byte> buffer) override;
  [[nodiscard]] std::uint64_t size_bytes() const { return size_bytes_; }

private:
  Fd fd_;
  std::uint64_t offset_ = 0;
  std::uint64_t left_bytes_ = 0;
  std::uint64_t size_bytes_ = 0;
  std::string what_;
};

/// Writes to a descriptor that outlives it. `what` names it in errors.
class FdSink final : public Sink {
public:
  FdSink(int fd, std::string what) : fd_(fd), what_(std::move(what)) {}
  using Sink::write;
  void write(std::span<const std::byte> bytes) override { write_full(fd_, bytes, what_); }

private:
  int fd_;
  std::string what_;
};

}  // namespace cairn
