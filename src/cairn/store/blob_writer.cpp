// SPDX-License-Identifier: Apache-2.0
#include <cairn/store/store.hpp>

#include <cairn/base/error.hpp>
#include <cairn/store/layout.hpp>
#include <cairn/store/write_out.hpp>

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>

namespace cairn::store {
namespace {

constexpr std::size_t piece_bytes = std::size_t{64} << 10;

}  // namespace

void start_writing(int fd, std::uint64_t from, std::uint64_t to, const std::string& what)
{
  const auto done = ::sync_file_range(fd, static_cast<off64_t>(from), static_cast<off64_t>(to - from), SYNC_FILE_RANGE_WRITE);
  // Only advice: file systems without it say so, and fdatasync does all the work then.
  if (done != 0 && (errno == EIO || errno == ENOSPC || errno == EDQUOT)) throw_errno(errno, what);
}

void write_hashed(int fd, Sha256& hash, std::span<const std::byte> bytes, const std::string& what)
{
  while (!bytes.empty()) {
    const auto piece = bytes.first(std::min(bytes.size(), piece_bytes));
    hash.update(piece);
    write_full(fd, piece, what);
    bytes = bytes.subspan(piece.size());
  }
}

BlobWriter::BlobWriter(const Store& store) : store_(store), file_(layout::temporaries(store.path())) {}

void BlobWriter::write(std::span<const std::byte> bytes)
{
  write_hashed(file_.fd(), hash_, bytes, printable(file_.path().native()));
  size_bytes_ += bytes.size();
  if (size_bytes_ - flushed_bytes_ < flush_step_bytes) return;
  start_writing(file_.fd(), flushed_bytes_, size_bytes_, printable(file_.path().native()));
  flushed_bytes_ = size_bytes_;
}

oci::Descriptor BlobWriter::commit(std::string media_type)
{
  oci::Descriptor blob{.media_type = std::move(media_type), .digest = hash_.finish(), .size_bytes = size_bytes_};
  // What is there in another size is a leftover of a power cut: it is replaced.
  if (store_.has(blob)) return blob;
  start_writing(file_.fd(), flushed_bytes_, size_bytes_, printable(file_.path().native()));
  file_.publish(store_.blob_path(blob.digest), Flush::no);
  return blob;
}

}  // namespace cairn::store
