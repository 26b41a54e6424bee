// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/library/document.hpp>

#include <cstdint>
#include <vector>

namespace cairn::volume {

/// One piece of a layer's blob to ask for, and the fragments wanted of it, in the order of their bytes.
struct Fetch {
  std::size_t layer = 0;
  std::uint64_t offset = 0;
  std::uint64_t size_bytes = 0;
  bool whole_layer = false;  ///< the blob from its first byte to its last
  std::vector<std::size_t> fragments;  ///< indices in the layer
};

/// Wanted fragments of one layer that lie this near to one another are asked for together: a request costs more than these bytes.
inline constexpr std::uint64_t fetch_gap_bytes = std::uint64_t{128} << 10;
/// A piece ends at the fragment with which it reaches this size, so that several are under way at once.
inline constexpr std::uint64_t fetch_piece_bytes = std::uint64_t{32} << 20;

/// How to get the live fragments of `units` (names; all are of the document). Largest pieces first. A pure function.
[[nodiscard]] std::vector<Fetch> plan_fetches(const library::Document& document, const std::vector<std::string>& units);

}  // namespace cairn::volume
