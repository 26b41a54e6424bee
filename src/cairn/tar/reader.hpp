// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/io/stream.hpp>
#include <cairn/tar/entry.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

/// Reading tar, strictly: what two readers could understand differently is refused, so that whatever passes means the
/// same to every tool. docs/formats/layer.md lists what is accepted.
namespace cairn::tar {

struct Block;

struct ReadLimits {
  std::uint64_t path_bytes = 4096;
  std::uint64_t component_bytes = 255;
  std::uint64_t depth = 256;  ///< components of one path
  std::uint64_t extension_bytes = std::uint64_t{1} << 20;  ///< of one PAX or GNU long-name body
  std::uint64_t records = 1024;                            ///< of one PAX body
  std::uint64_t xattr_bytes = std::uint64_t{64} << 10;     ///< of one value (Linux: XATTR_SIZE_MAX)
  std::uint64_t entries = 50'000'000;
};

/// A pull parser: `next`, then `read` that entry's content, and so on; the source is read to its very end before
/// `next` returns nothing. It keeps no list of names: whoever needs to know of duplicates adds an `EntrySet`.
/// One thread at a time.
/// Throws Error{bad_input} for what is refused and Error{limit}, both naming `what` and the entry.
class Reader {
public:
  /// `source` gives plain tar bytes and outlives the reader.
  Reader(Source& source, std::string what, const ReadLimits& limits = {});

  /// The next entry, the rest of the last one's content skipped; nothing at the end of the archive.
  [[nodiscard]] std::optional<Entry> next();
  /// Content of the last entry; 0 at its end.
  [[nodiscard]] std::size_t read(std::span<std::byte> buffer);
  /// The same where it lies, until the next call; empty at its end.
  [[nodiscard]] std::span<const std::byte> lend();
  /// Where the last entry's first header block began, in plain bytes.
  [[nodiscard]] std::uint64_t offset() const { return entry_offset_; }
  /// Of the next byte to come, in plain bytes: after `next`, where the entry's content begins.
  [[nodiscard]] std::uint64_t position() const { return position_; }

private:
  struct Extensions;

  [[nodiscard]] std::size_t take(std::span<std::byte> buffer);
  [[noreturn]] void ends_early() const;
  [[nodiscard]] bool take_block(Block& block);
  [[nodiscard]] std::string take_extension(std::uint64_t size_bytes);
  void skip_content();
  void check_nothing_follows();
  [[nodiscard]] std::string header_place() const;

  Source& source_;
  std::string what_;
  ReadLimits limits_;
  std::vector<std::byte> buffer_;
  std::span<const std::byte> ahead_;  ///< that the source has given and nobody took
  std::uint64_t position_ = 0;      ///< of the next byte to take
  std::uint64_t entry_offset_ = 0;
  std::string entry_name_;          ///< of the current entry, printable
  std::uint64_t left_bytes_ = 0;    ///< content of the current entry not yet read
  std::uint64_t pad_bytes_ = 0;
  std::uint64_t entries_ = 0;
  bool ended_ = false;
};

}  // namespace cairn::tar
