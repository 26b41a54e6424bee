// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/base/task.hpp>
#include <cairn/io/hash.hpp>
#include <cairn/oci/descriptor.hpp>
#include <cairn/os/fd.hpp>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>

namespace cairn::store {

/// The part of a blob that an interrupted transfer left, in a file named by its digest, which the next transfer goes on
/// with. What it holds is hashed anew, so that a power cut's damage shows at the end. For the room's own use; one thread at a time.
class Partial {
public:
  /// Nothing when another process or thread is at it. Throws Error.
  [[nodiscard]] static std::optional<Partial> open(const std::filesystem::path& directory, const oci::Descriptor& blob);

  [[nodiscard]] std::uint64_t size_bytes() const { return size_bytes_; }
  /// Hash what is there; to be called before the first `write`.
  void catch_up(const Task& task);
  void write(std::span<const std::byte> bytes);
  [[nodiscard]] Digest finish() { return hash_.finish(); }
  void publish(const std::filesystem::path& target);
  void remove();
  /// Begin anew, empty.
  void clear();

private:
  Partial(Fd fd, std::filesystem::path path, std::uint64_t size_bytes) : fd_(std::move(fd)), path_(std::move(path)), size_bytes_(size_bytes)
  {
  }
  Fd fd_;
  std::filesystem::path path_;
  std::uint64_t size_bytes_;
  std::uint64_t flushed_bytes_ = 0;
  Sha256 hash_;
};

/// Remove the partial files in `directory` that nobody went on with for `age`, and those of blobs that `stored` has.
void remove_old_partials(const std::filesystem::path& directory, std::chrono::seconds age,
                         const std::function<bool(const Digest&)>& stored);

}  // namespace cairn::store
