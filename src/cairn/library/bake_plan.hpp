// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/library/document.hpp>

#include <cstddef>
#include <set>
#include <string>
#include <vector>

/// Which fragments go into which layer when a library, or a part of it, is laid on an image. Pure functions of the document.
namespace cairn::library {

struct BakedLayer {
  /// Layers of the library that it is made of, neighbours. One, and `as_is`: that layer's own blob.
  std::vector<std::size_t> from;
  bool as_is = false;
  std::vector<Document::Place> fragments;  ///< unless as_is: the live ones that are wanted, in order
  std::uint64_t packed_bytes = 0;          ///< of the layer, or of its fragments
};

/// All layers as they are, or, for the wanted units (sorted names), what `bake` says of a part.
[[nodiscard]] std::vector<BakedLayer> plan_all(const Document& document);
[[nodiscard]] std::vector<BakedLayer> plan_part(const Document& document, const std::vector<std::string>& units);

/// Join neighbours until there are at most `most_layers`: each time the two that have least bytes together. What dead fragments the
/// joined layers had is left out. Throws Error{limit} when that cannot be, since layers of different codecs cannot be joined.
[[nodiscard]] std::vector<BakedLayer> join(std::vector<BakedLayer> layers, std::size_t most_layers, const Document& document);

/// The directories of a planned layer that need an opaque whiteout: those that hid something and under which a dead fragment
/// of a lower layer is still there.
[[nodiscard]] std::set<std::string> still_opaque(const std::vector<BakedLayer>& layers, std::size_t number, const Document& document);

}  // namespace cairn::library
