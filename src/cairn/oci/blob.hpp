// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/base/task.hpp>
#include <cairn/io/stream.hpp>
#include <cairn/oci/descriptor.hpp>

#include <memory>
#include <string>

/// How rooms that hold blobs (store, registry, volume) meet without knowing one another.
namespace cairn::oci {

/// Gives blobs. Any thread.
class BlobSource {
public:
  virtual ~BlobSource() = default;
  /// All of a blob, verified: reading to the end proves digest and size. Throws Error{not_found}.
  [[nodiscard]] virtual std::unique_ptr<Source> open(const Descriptor& blob) const = 0;
  /// Part of a blob, not verified: the caller knows what to expect.
  [[nodiscard]] virtual std::unique_ptr<Source> open_range(const Descriptor& blob, std::uint64_t offset,
                                                           std::uint64_t size_bytes) const = 0;
};

/// Takes blobs. Any thread.
class BlobTarget {
public:
  virtual ~BlobTarget() = default;
  [[nodiscard]] virtual bool has(const Descriptor& blob) const = 0;
  /// Take `content` under `blob.digest`; digest and size are verified before it becomes visible.
  virtual void put(const Descriptor& blob, Source& content, const Task& task) = 0;
  /// As `put`, from where the blob is: a target that can go on where an earlier try stopped, or that need not be sent the
  /// bytes at all, asks `from` for less.
  virtual void take(const Descriptor& blob, const BlobSource& from, const Task& task) { put(blob, *from.open(blob), task); }
};

}  // namespace cairn::oci
