// SPDX-License-Identifier: Apache-2.0
#include <cairn/io/file.hpp>

#include <cairn/base/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>

namespace cairn {

FileSource::FileSource(const std::filesystem::path& path) : what_(printable(path.native()))
{
  // O_NONBLOCK: opening a FIFO must not wait for a writer.
  fd_ = open_file(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  struct stat status{};
  if (::fstat(fd_.get(), &status) != 0) throw_errno(errno, what_);
  if (!S_ISREG(status.st_mode)) throw Error(Errc::bad_input, fmt::format("{}: not a regular file", what_));
  left_bytes_ = size_bytes_ = static_cast<std::uint64_t>(status.st_size);
}

FileSource::FileSource(Fd fd, std::uint64_t offset, std::uint64_t size_bytes, std::string what)
    : fd_(std::move(fd)), offset_(offset), left_bytes_(size_bytes), size_bytes_(size_bytes), what_(std::move(what))
{
}

std::size_t FileSource::read(std::span<std::byte> buffer)
{
  const auto want = static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), left_bytes_));
  if (want == 0) return 0;
  const auto n = read_full_at(fd_.get(), buffer.first(want), offset_, what_);
  offset_ += n;
  left_bytes_ = n < want ? 0 : left_bytes_ - n;
  return n;
}

}  // namespace cairn
