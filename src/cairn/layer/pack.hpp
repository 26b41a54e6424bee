// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/base/digest.hpp>
#include <cairn/base/error.hpp>
#include <cairn/base/task.hpp>
#include <cairn/io/codec.hpp>
#include <cairn/io/stream.hpp>
#include <cairn/layer/frame.hpp>
#include <cairn/layer/skeleton.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

/// Making fragments and layers from a tree: frames are read and compressed side by side, hashed and written in order.
/// The bytes depend on contents, codec, level and format alone, never on the number of threads.
namespace cairn::layer {

struct LayerSpec {
  Skeleton skeleton;
  std::vector<FragmentSpec> fragments;
};

/// docs/formats/fragment.md.
struct PackedFragment {
  Digest plain_digest;   ///< of its tar bytes: what it is
  std::uint64_t plain_bytes = 0;
  Digest packed_digest;  ///< of its frames: what is fetched by range and checked
  std::uint64_t packed_bytes = 0;
  std::uint64_t offset = 0;  ///< of its first frame in the layer's blob
};

struct PackedLayer {
  Digest digest;  ///< of the blob
  std::uint64_t size_bytes = 0;
  Digest diff_id;
  std::uint64_t plain_bytes = 0;
  std::vector<PackedFragment> fragments;  ///< as in the spec
};

/// Takes the blobs of layers, one after another, from one thread at a time (not always the same).
class LayerTarget {
public:
  virtual ~LayerTarget() = default;
  struct Stored {
    Digest digest;
    std::uint64_t size_bytes = 0;
  };
  virtual Sink& begin(std::size_t layer) = 0;
  /// The layer is complete: publish it.
  virtual Stored end(std::size_t layer) = 0;
};

/// Processor time of all threads, by what it was spent on.
struct PackTimes {
  std::chrono::nanoseconds reading{0};
  std::chrono::nanoseconds hashing{0};
  std::chrono::nanoseconds compressing{0};
  std::chrono::nanoseconds writing{0};  ///< the target's own hashing of the blob included
};

struct PackFailure {
  std::size_t layer = 0;
  std::optional<std::size_t> fragment;  ///< nothing: the skeleton, the end, or the target
  Error error;
};

struct Packed {
  std::vector<PackedLayer> layers;     ///< the first ones, complete and published
  std::optional<PackFailure> failure;  ///< why there are no more
  PackTimes times;
};

/// Pack `layers` of the tree (a directory descriptor) into `target`. A failure of one layer ends the run with the
/// layers before it done; `target` is then left with the layer it began. Throws Cancelled. Memory: at most
/// 12 frames in flight and 140 MiB for them, whatever the threads.
[[nodiscard]] Packed pack(int tree, const std::vector<LayerSpec>& layers, const Compression& compression, std::size_t threads,
                          LayerTarget& target, const Task& task);

/// Only read and hash: plain digest and size of each fragment, nothing packed. Throws Error.
[[nodiscard]] std::vector<PackedFragment> measure(int tree, const std::vector<FragmentSpec>& fragments, std::size_t threads,
                                                  const Task& task);

/// A layer of ready plain bytes (the index layer): one fragment-less blob, `plain` cut into frames, with the end of archive.
[[nodiscard]] PackedLayer pack_plain(std::span<const std::byte> plain, const Compression& compression, LayerTarget& target);

}  // namespace cairn::layer
