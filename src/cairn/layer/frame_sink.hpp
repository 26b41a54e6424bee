// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/base/digest.hpp>
#include <cairn/io/codec.hpp>
#include <cairn/io/hash.hpp>
#include <cairn/io/stream.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace cairn::layer {

/// Takes a layer's plain bytes and passes them on in compressed frames of `frame_bytes`, several packed side by side. The
/// bytes that come out do not depend on how many. Memory: two frames a thread, at most four threads. One thread at a time.
class FrameSink final : public Sink {
public:
  FrameSink(Sink& packed, const Compression& compression, std::size_t threads);
  using Sink::write;
  void write(std::span<const std::byte> bytes) override;
  /// Pass on what is left. Returns the digest of all plain bytes: the layer's diff_id.
  [[nodiscard]] Digest finish();
  [[nodiscard]] std::uint64_t plain_bytes() const { return plain_bytes_; }

private:
  struct Frame {
    std::vector<std::byte> plain;
    std::vector<std::byte> packed;
    std::size_t packed_bytes = 0;
  };
  void flush();

  Sink& packed_;
  std::vector<FramePacker> packers_;
  std::vector<Frame> frames_;
  std::size_t filling_ = 0;  ///< index of the frame that the next byte goes to
  Sha256 hash_;
  std::uint64_t plain_bytes_ = 0;
};

}  // namespace cairn::layer
