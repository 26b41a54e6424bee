// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

/// Which package goes into which layer: the largest alone, the rest by a hash of their names, so that no history is
/// needed and one changed package changes one layer (docs/python.md, "Layers").
namespace cairn::stack {

inline constexpr std::size_t default_layers = 40;
inline constexpr std::size_t least_layers = 1;
inline constexpr std::size_t most_layers = 100;
inline constexpr std::size_t bucket_count = 16;
/// Wheels of this size get a layer of their own. One that had its own keeps it down to half of it, one that shared a layer
/// stays there up to the double, so that a package near the limit does not move with every release.
inline constexpr std::uint64_t alone_bytes = std::uint64_t{1} << 20;

struct PlanPackage {
  std::string name;  ///< canonical
  std::uint64_t size_bytes = 0;  ///< of the wheel
};

/// What the last stack did.
struct PlanMemory {
  std::set<std::string> alone;
  std::set<std::string> sharing;
};

struct PlanLayer {
  std::string name;  ///< a package's, or `bucket-07`
  std::vector<std::string> packages;  ///< sorted
};

/// At most `layers` layers, those of single packages first, by name. Pure.
[[nodiscard]] std::vector<PlanLayer> plan(const std::vector<PlanPackage>& packages, std::size_t layers, const PlanMemory& memory);

}  // namespace cairn::stack
