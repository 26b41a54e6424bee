// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/tar/reader.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace cairn::volume {

/// What one file holds, while it waits to be written. Copies share the memory.
struct Content {
  std::shared_ptr<const std::byte[]> block{};  // shared by files that were made one after the other
  std::span<const std::byte> bytes{};
};

/// Memory for the contents of many files, block by block: a small file costs no allocation of its own. One thread at a time.
class ContentBlocks {
public:
  /// The whole content of the reader's entry, which has so many bytes.
  [[nodiscard]] Content read(tar::Reader& reader, std::uint64_t size_bytes)
  {
    Content content;
    auto rest = room(static_cast<std::size_t>(size_bytes), content);
    while (!rest.empty()) rest = rest.subspan(reader.read(rest));
    return content;
  }
  [[nodiscard]] Content copy(std::span<const std::byte> bytes)
  {
    Content content;
    std::ranges::copy(bytes, room(bytes.size(), content).begin());
    return content;
  }

private:
  /// Room for `size` bytes, to be filled now; `content` then holds them.
  std::span<std::byte> room(std::size_t size, Content& content)
  {
    if (size > block_bytes / 4) {
      const std::shared_ptr<std::byte[]> own = std::make_shared_for_overwrite<std::byte[]>(size);
      content = {own, {own.get(), size}};
      return {own.get(), size};
    }
    if (size > rest_.size()) {
      block_ = std::make_shared_for_overwrite<std::byte[]>(block_bytes);
      rest_ = {block_.get(), block_bytes};
    }
    const auto place = rest_.first(size);
    rest_ = rest_.subspan(size);
    content = {block_, place};
    return place;
  }

  static constexpr std::size_t block_bytes = std::size_t{256} << 10;
  std::shared_ptr<std::byte[]> block_;
  std::span<std::byte> rest_;
};

}  // namespace cairn::volume
