// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/io/stream.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

namespace cairn {

/// How packed bytes are made from plain ones.
enum class Codec { none, gzip, zstd };

[[nodiscard]] std::string_view name(Codec codec);                       ///< `none`, `gzip`, `zstd`
[[nodiscard]] std::optional<Codec> codec_from(std::string_view name);

/// A codec and its level: with the plain bytes they decide the packed bytes (for one version of the codec library).
struct Compression {
  Codec codec = Codec::zstd;
  int level = 3;  ///< zstd 1..19, gzip 1..12 (libdeflate), none 0

  /// zstd 3, gzip 3, none 0.
  [[nodiscard]] static Compression standard(Codec codec);
  friend bool operator==(const Compression&, const Compression&) = default;
};

/// Compresses one frame (zstd, RFC 8878) or member (gzip, RFC 1952) at a time, each independent of the others, so
/// that they can be made in parallel and concatenated. The gzip header has no name and no time. Keeps its working
/// memory between calls. One thread at a time.
class FramePacker {
public:
  explicit FramePacker(const Compression& compression);
  ~FramePacker();
  FramePacker(FramePacker&&) noexcept;
  FramePacker& operator=(FramePacker&&) = delete;

  /// About what one packer takes while it packs a frame of a few MiB, beside the caller's buffers.
  [[nodiscard]] static std::size_t memory_bytes(const Compression& compression);
  /// The most bytes that a frame of `plain_bytes` can take.
  [[nodiscard]] std::size_t bound(std::size_t plain_bytes) const;
  /// Pack `plain` into `packed` (at least `bound(plain.size())` long); returns the size. Codec none copies.
  [[nodiscard]] std::size_t pack(std::span<const std::byte> plain, std::span<std::byte> packed);

private:
  struct State;
  std::unique_ptr<State> state_;
};

/// What an unpacking source accepts.
struct UnpackLimits {
  std::uint64_t plain_bytes = UINT64_MAX;        ///< more is Error{limit}
  std::uint64_t window_bytes = std::uint64_t{128} << 20;  ///< zstd windows over this are Error{limit}
};

/// The plain bytes of `packed` (which outlives the result): any number of frames or members, to the very end.
/// gzip: NUL bytes after the last member are tolerated, anything else there is Error{corrupt}; so are a wrong CRC
/// or size, a truncated stream, and bytes that are not of this codec. zstd: skippable frames are skipped, frames
/// that need a dictionary are Error{unsupported}. An empty stream is Error{corrupt} unless the codec is none.
/// `what` names the stream in errors.
[[nodiscard]] std::unique_ptr<Source> unpack(Source& packed, Codec codec, const UnpackLimits& limits, std::string what);

}  // namespace cairn
