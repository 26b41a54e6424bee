// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/layer/contents.hpp>
#include <cairn/os/fd.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

/// A fragment's tar bytes, cut into frames. Every offset is known from the scan, so frames are read independently.
namespace cairn::layer {

/// Tar bytes in one compressed frame; the last frame of a fragment has what is left. Part of the format:
/// docs/formats/fragment.md.
inline constexpr std::size_t frame_bytes = std::size_t{4} << 20;

enum class Mtimes { constant, kept };

/// A fragment's tar bytes that do not come from a tree: a wheel's. Any thread.
class FragmentBytes {
public:
  virtual ~FragmentBytes() = default;
  [[nodiscard]] virtual std::uint64_t size_bytes() const = 0;
  /// Fill `buffer` with the bytes from `offset`. Every byte is asked for once, in frames that are begun in order but read side
  /// by side: a call may wait for those before it, and must end when one of them threw.
  virtual void read(std::uint64_t offset, std::span<std::byte> buffer) = 0;
};

/// How a unit is written.
struct FragmentSpec {
  const Contents* contents = nullptr;
  std::string prefix;  ///< archive path of the tree: `opt/apps/easybuild`
  Mtimes mtimes = Mtimes::constant;
  FragmentBytes* bytes = nullptr;  ///< in place of `contents`; outlives the packing
};

/// Where a frame begins: `offset` bytes into the archive bytes (header, content, padding) of item `item`.
struct FrameStart {
  std::uint32_t item = 0;
  std::uint64_t offset = 0;
};

/// Walks a fragment's layout. One thread at a time.
class FrameCursor {
public:
  explicit FrameCursor(const FragmentSpec& spec);
  struct Frame {
    FrameStart start;
    std::size_t bytes = 0;
  };
  /// The next frame; nothing at the end of the fragment.
  [[nodiscard]] std::optional<Frame> next();

private:
  const FragmentSpec* spec_;
  std::uint32_t item_ = 0;
  std::uint64_t offset_ = 0;
  std::uint64_t item_bytes_ = 0;  ///< of `item_`, 0: not yet known
};

/// Fills frames with tar bytes from the tree. Keeps one directory open. One thread at a time.
class FrameReader {
public:
  /// `tree` is a directory descriptor that outlives the reader.
  explicit FrameReader(int tree) : tree_(tree) {}
  /// Write the frame's bytes to `buffer` (exactly as long as the frame). Throws Error{changed} naming the path when a
  /// file is not what the scan saw.
  void read(const FragmentSpec& spec, const FrameStart& start, std::span<std::byte> buffer);

private:
  void enter(const Contents& contents, const Item& item);
  void content(const Contents& contents, const Item& item, std::uint64_t offset, std::span<std::byte> buffer);
  void rewrite_bytecode(const Contents& contents, const Item& item, int fd, std::uint64_t offset, std::span<std::byte> buffer);

  int tree_;
  const Contents* open_contents_ = nullptr;
  std::uint32_t open_parent_ = Item::none;
  std::uint32_t open_root_ = Item::none;
  Fd directory_;
  std::string directory_path_;
  std::vector<std::byte> header_;
};

/// The entry that stands for `item` in the archive; nothing for what is not shipped.
[[nodiscard]] std::optional<tar::Entry> entry_for(const FragmentSpec& spec, const Item& item, const std::string& path);

}  // namespace cairn::layer
