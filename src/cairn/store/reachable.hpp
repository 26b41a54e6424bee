// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/store/store.hpp>

#include <unordered_set>
#include <vector>

namespace cairn::store {

/// What some manifests and indexes name, directly and through one another. Each is read once, so that an index that names
/// itself ends. For the room's own use; one thread at a time.
class Reachable {
public:
  /// Both outlive it.
  Reachable(const Store& store, const Task& task) : store_(store), task_(task) {}

  /// Add `root` and what it names. Blobs that the store lacks are added and not followed: a layout may be partial. Throws
  /// Error when one that is there is corrupt or no manifest.
  void add(const oci::Descriptor& root);
  [[nodiscard]] bool contains(const Digest& digest) const { return digests_.contains(digest); }
  [[nodiscard]] const std::unordered_set<Digest>& digests() const { return digests_; }

private:
  void follow(const oci::Descriptor& blob, std::vector<oci::Descriptor>& open) const;

  const Store& store_;
  const Task& task_;
  std::unordered_set<Digest> digests_;
  std::unordered_set<Digest> followed_;
};

}  // namespace cairn::store
