// SPDX-License-Identifier: Apache-2.0
#include <cairn/registry/upload_record.hpp>

#include <cairn/base/error.hpp>
#include <cairn/base/log.hpp>
#include <cairn/io/hash.hpp>

#include <chrono>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace cairn::registry {
namespace {

constexpr std::size_t longest_location_bytes = std::size_t{64} << 10;  // as the headers that it comes in
constexpr std::chrono::hours longest_kept{7 * 24};

void remove_old(const std::filesystem::path& directory)
{
  std::error_code error;
  const auto since = std::filesystem::file_time_type::clock::now() - longest_kept;
  for (const auto& entry : std::filesystem::directory_iterator(directory, error))
    if (entry.last_write_time(error) < since && !error) std::filesystem::remove(entry.path(), error);
}

}  // namespace

std::optional<UploadRecord> UploadRecord::open(const std::filesystem::path& directory, const std::string& repository, const Digest& blob)
{
  if (directory.empty()) return std::nullopt;
  try {
    std::error_code error;
    if (std::filesystem::create_directories(directory, error)) std::filesystem::permissions(directory, std::filesystem::perms::owner_all, error);
    remove_old(directory);
    const auto path = directory / sha256(repository + '@' + blob.str()).hex();
    auto fd = open_file(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0600);
    struct stat status{};
    // Without links: forgotten between open and flock.
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0 || ::fstat(fd.get(), &status) != 0 || status.st_nlink == 0) return std::nullopt;
    UploadRecord record(std::move(fd), path);
    record.location_.resize(longest_location_bytes);
    const auto size = read_full_at(record.fd_.get(), std::as_writable_bytes(std::span(record.location_)), 0, path.native());
    record.location_.resize(size);
    return record;
  } catch (const Error& failure) {
    log::debug("blob {}: its upload will not be remembered: {}", blob.str(), failure.what());
    return std::nullopt;
  }
}

void UploadRecord::keep(const std::string& location)
{
  if (location == location_) return;
  location_ = location;
  // Cut short or of two runs it leads nowhere, and the upload begins anew: nothing needs to be flushed.
  if (::ftruncate(fd_.get(), 0) != 0 || ::pwrite(fd_.get(), location_.data(), location_.size(), 0) != static_cast<ssize_t>(location_.size())) forget();
}

void UploadRecord::forget()
{
  ::unlink(path_.c_str());
  location_.clear();
}

}  // namespace cairn::registry
