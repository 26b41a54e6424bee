// SPDX-License-Identifier: Apache-2.0
#include <cairn/store/partial.hpp>

#include <cairn/base/error.hpp>
#include <cairn/store/layout.hpp>
#include <cairn/store/store.hpp>
#include <cairn/store/write_out.hpp>

#include <fmt/format.h>

#include <cerrno>
#include <chrono>
#include <memory>
#include <vector>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace cairn::store {
namespace {

constexpr std::size_t buffer_bytes = std::size_t{512} << 10;
/// Smaller blobs are fetched again rather than kept in parts.
constexpr std::uint64_t least_bytes = std::uint64_t{1} << 20;

}  // namespace

std::optional<Partial> Partial::open(const std::filesystem::path& directory, const oci::Descriptor& blob)
{
  const auto path = directory / blob.digest.hex();
  auto fd = open_file(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0644);
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return std::nullopt;
    if (errno != ENOLCK && errno != EOPNOTSUPP) throw_errno(errno, printable(path.native()));
  }
  struct stat status{};
  if (::fstat(fd.get(), &status) != 0) throw_errno(errno, printable(path.native()));
  // Published or removed between open and flock.
  if (status.st_nlink == 0 || !S_ISREG(status.st_mode)) return std::nullopt;
  if (::fchmod(fd.get(), 0644) != 0 && errno != EPERM) throw_errno(errno, printable(path.native()));
  Partial partial(std::move(fd), path, static_cast<std::uint64_t>(status.st_size));
  if (partial.size_bytes_ > blob.size_bytes) partial.clear();
  return partial;
}

void Partial::catch_up(const Task& task)
{
  std::vector<std::byte> buffer(buffer_bytes);
  const auto what = printable(path_.native());
  for (std::uint64_t at = 0; at < size_bytes_;) {
    const auto size = read_full_at(fd_.get(), std::span(buffer).first(std::min<std::uint64_t>(buffer.size(), size_bytes_ - at)), at, what);
    if (size == 0) throw Error(Errc::changed, fmt::format("{}: became shorter while it was read", what));
    hash_.update(std::span<const std::byte>(buffer).first(size));
    at += size;
    task.advance(size);
  }
  flushed_bytes_ = size_bytes_;
  if (::lseek(fd_.get(), static_cast<off_t>(size_bytes_), SEEK_SET) < 0) throw_errno(errno, what);
}

void Partial::write(std::span<const std::byte> bytes)
{
  const auto what = printable(path_.native());
  size_bytes_ += bytes.size();
  write_hashed(fd_.get(), hash_, bytes, what);
  if (size_bytes_ - flushed_bytes_ < flush_step_bytes) return;
  start_writing(fd_.get(), flushed_bytes_, size_bytes_, what);
  flushed_bytes_ = size_bytes_;
}

void Partial::publish(const std::filesystem::path& target)
{
  start_writing(fd_.get(), flushed_bytes_, size_bytes_, printable(path_.native()));
  if (::rename(path_.c_str(), target.c_str()) != 0) throw_errno(errno, printable(target.native()));
}

void Partial::remove() { ::unlink(path_.c_str()); }

void Partial::clear()
{
  if (::ftruncate(fd_.get(), 0) != 0 || ::lseek(fd_.get(), 0, SEEK_SET) < 0) throw_errno(errno, printable(path_.native()));
  size_bytes_ = flushed_bytes_ = 0;
  hash_ = Sha256();
}

void Store::take(const oci::Descriptor& blob, const oci::BlobSource& from, const Task& task)
{
  require_write("store a blob");
  if (has(blob)) return;
  auto partial = blob.size_bytes < least_bytes ? std::nullopt : Partial::open(cache("partial"), blob);
  if (!partial) return put(blob, *from.open(blob), task);
  const auto what = fmt::format("blob {}", blob.digest.str());
  std::vector<std::byte> buffer(buffer_bytes);
  for (;;) {
    const bool resumed = partial->size_bytes() != 0;
    partial->catch_up(task);
    if (const auto have = partial->size_bytes(); have < blob.size_bytes) {
      const auto source = from.open_range(blob, have, blob.size_bytes - have);
      for (auto bytes = source->next(buffer); !bytes.empty(); bytes = source->next(buffer)) {
        if (bytes.size() > blob.size_bytes - partial->size_bytes()) {
          partial->remove();
          throw Error(Errc::corrupt, fmt::format("{}: longer than its descriptor says ({} bytes)", what, blob.size_bytes));
        }
        partial->write(bytes);
        task.advance(bytes.size());
      }
    }
    if (partial->size_bytes() < blob.size_bytes)
      throw Error(Errc::corrupt, fmt::format("{}: {} bytes came, its descriptor says {}", what, partial->size_bytes(), blob.size_bytes));
    const auto got = partial->finish();
    if (got == blob.digest) return partial->publish(blob_path(blob.digest));
    // What an earlier run left may be what is wrong.
    if (resumed) {
      partial->clear();
      continue;
    }
    partial->remove();
    throw Error(Errc::corrupt, fmt::format("{}: its bytes have digest {}", what, got.str()));
  }
}

void remove_old_partials(const std::filesystem::path& directory, std::chrono::seconds age, const std::function<bool(const Digest&)>& stored)
{
  const auto now = std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
    const Fd fd(::open(entry.path().c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    struct stat status{};
    if (!fd || ::flock(fd.get(), LOCK_EX | LOCK_NB) != 0 || ::fstat(fd.get(), &status) != 0) continue;
    bool useless = status.st_mtime < now - age.count();
    try {
      useless = useless || stored(Digest::parse("sha256:" + entry.path().filename().string()));
    } catch (const Error&) {
      continue;  // not one of ours
    }
    if (useless) ::unlink(entry.path().c_str());
  }
}

}  // namespace cairn::store
