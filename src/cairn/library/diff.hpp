// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/library/library.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// What a release changed, and what an update to it costs those who have the one before. Needs manifests, configs and
/// index layers alone.
namespace cairn::library {

enum class Change { added, removed, changed };
[[nodiscard]] std::string_view name(Change change);

struct UnitDifference {
  std::string name;
  Change change = Change::changed;
  /// Of an added unit: units of the same software that are removed, whose successor it may be. Sorted.
  std::vector<std::string> replaces;
  std::uint64_t bytes_before = 0;  ///< packed; 0 for an added one
  std::uint64_t bytes_after = 0;   ///< packed; 0 for a removed one
  bool content = false;            ///< changed: other bytes; else only what is said of it (dependencies, modules)
  std::vector<std::string> dependencies_added;
  std::vector<std::string> dependencies_removed;
};

/// Dead bytes of one layer of the newer release.
struct DeadLayer {
  std::size_t layer = 0;  ///< in the manifest
  Digest digest;
  std::uint64_t live_bytes = 0;
  std::uint64_t dead_bytes = 0;
  std::vector<std::string> units;  ///< whose old bytes they are, sorted
};

struct Difference {
  std::vector<UnitDifference> units;  ///< sorted by name
  std::size_t kept_layers = 0;
  std::uint64_t kept_bytes = 0;
  std::size_t fetched_layers = 0;   ///< of the newer one, the index layer included, that the older one has not
  std::uint64_t fetched_bytes = 0;  ///< of these, the config and the manifest: what an update costs
  std::uint64_t new_bytes = 0;      ///< packed bytes of units that are added or have other content, and of the index layer
  std::uint64_t live_bytes = 0;     ///< packed, of the newer release
  std::uint64_t dead_bytes = 0;
  std::vector<DeadLayer> dead;      ///< layers that have some, lowest first
  /// A runtime keeps an unpacked layer only while all below are the same (image-spec 1.1, config.md, "Layer ChainID").
  std::size_t chain_layers = 0;      ///< the lowest layers that both have
  std::size_t unpacked_layers = 0;   ///< those above
  std::uint64_t unpacked_bytes = 0;  ///< plain bytes of those above, but for the index layer

  /// Bytes fetched for each byte that is new; nothing when none is.
  [[nodiscard]] std::optional<double> amplification() const;
};

[[nodiscard]] Difference diff(const Library& before, const Library& after);

}  // namespace cairn::library
