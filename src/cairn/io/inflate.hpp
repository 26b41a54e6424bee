// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/io/stream.hpp>

#include <cstdint>
#include <memory>
#include <span>
#include <string>

/// Raw deflate streams (RFC 1951) and CRC-32, as zip archives hold them.
namespace cairn {

/// The CRC-32 of RFC 1952 of `bytes`, going on from that of what came before (0 at first).
[[nodiscard]] std::uint32_t crc32(std::uint32_t before, std::span<const std::byte> bytes);

/// Inflates whole streams that fit memory: about twice as fast as InflateSource. Keeps its working memory between
/// calls. One thread at a time.
class Inflater {
public:
  Inflater();
  ~Inflater();
  Inflater(Inflater&&) noexcept;
  Inflater& operator=(Inflater&&) = delete;
  /// Fill `plain` exactly from `packed`, all of which must be used. Throws Error{corrupt} naming `what`.
  void inflate(std::span<const std::byte> packed, std::span<std::byte> plain, const std::string& what);

private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The plain bytes of one raw deflate stream that takes all of `packed` (which outlives it), with 100 KiB of memory. Throws
/// Error{corrupt} naming `what`: broken, cut, or with bytes behind it.
class InflateSource final : public Source {
public:
  InflateSource(Source& packed, std::string what);
  ~InflateSource() override;
  InflateSource(const InflateSource&) = delete;
  InflateSource& operator=(const InflateSource&) = delete;
  std::size_t read(std::span<std::byte> buffer) override;

private:
  struct State;
  std::unique_ptr<State> state_;
  Source& packed_;
  std::string what_;
  bool ended_ = false;
};

}  // namespace cairn
