// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/base/task.hpp>
#include <cairn/image/image.hpp>
#include <cairn/io/hash.hpp>

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace cairn::image {

/// What the first bytes (512 or all) of a blob look like: `gzip`, `zstd`, `xz`, `bzip2`, `zip`; nothing for plain tar and the
/// unknown. For the room's own use.
[[nodiscard]] std::string_view packed_format(std::span<const std::byte> start);

/// A layer's plain tar bytes: packed bytes verified, codec checked against the first of them, unpacked, hashed. Advances
/// `task`, which outlives it, by packed bytes. For the room's own use; one thread at a time.
class LayerSource final : public Source {
public:
  /// Throws Error: what `blobs.open` and codec_of do; corrupt when the bytes are of another codec than the media type.
  LayerSource(const oci::BlobSource& blobs, const oci::Descriptor& layer, const Task& task);
  std::size_t read(std::span<std::byte> buffer) override;
  /// Read what is left of the plain bytes; returns their digest.
  [[nodiscard]] Digest finish();
  /// Read what is left of the packed bytes, whatever they are: throws Error{corrupt} when they are not the blob.
  void finish_packed();

private:
  /// The blob's bytes, the first few looked at before.
  class Packed final : public Source {
  public:
    Packed(std::unique_ptr<Source> blob, const Task& task);
    std::size_t read(std::span<std::byte> buffer) override;
    [[nodiscard]] std::span<const std::byte> start() const { return std::span(start_).first(start_size_); }

  private:
    std::unique_ptr<Source> blob_;
    const Task& task_;
    std::array<std::byte, 512> start_{};
    std::size_t start_size_ = 0;
    std::size_t given_ = 0;
  };

  Packed packed_;
  std::unique_ptr<Source> plain_;
  Sha256 hash_;
};

}  // namespace cairn::image
