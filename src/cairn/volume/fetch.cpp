// SPDX-License-Identifier: Apache-2.0
#include <cairn/volume/fetch.hpp>

#include <algorithm>
#include <set>
#include <string_view>

namespace cairn::volume {
namespace {

/// A layer is fetched whole when all but this share (one in …) of it is wanted.
constexpr std::uint64_t whole_layer_waste = 16;

void plan_layer(const library::LayerInfo& layer, std::size_t index, const std::set<std::string_view>& wanted, std::vector<Fetch>& fetches)
{
  std::vector<std::size_t> fragments;
  std::uint64_t bytes = 0;
  for (std::size_t i = 0; i < layer.fragments.size(); ++i) {
    if (!layer.fragments[i].live || !wanted.contains(layer.fragments[i].unit)) continue;
    fragments.push_back(i);
    bytes += layer.fragments[i].packed_bytes;
  }
  if (fragments.empty()) return;
  if (layer.size_bytes <= fetch_piece_bytes && layer.size_bytes - bytes <= layer.size_bytes / whole_layer_waste) {
    fetches.push_back({index, 0, layer.size_bytes, true, std::move(fragments)});
    return;
  }
  Fetch* piece = nullptr;
  for (const auto i : fragments) {
    const auto& fragment = layer.fragments[i];
    const auto end = piece == nullptr ? 0 : piece->offset + piece->size_bytes;
    if (piece == nullptr || piece->size_bytes >= fetch_piece_bytes || fragment.offset < end || fragment.offset - end > fetch_gap_bytes) {
      piece = &fetches.emplace_back(Fetch{.layer = index, .offset = fragment.offset, .fragments = {}});
    }
    piece->size_bytes = fragment.offset + fragment.packed_bytes - piece->offset;
    piece->fragments.push_back(i);
  }
}

}  // namespace

std::vector<Fetch> plan_fetches(const library::Document& document, const std::vector<std::string>& units)
{
  const std::set<std::string_view> wanted(units.begin(), units.end());
  std::vector<Fetch> fetches;
  for (std::size_t i = 0; i < document.layers.size(); ++i) plan_layer(document.layers[i], i, wanted, fetches);
  std::ranges::stable_sort(fetches, std::greater{}, &Fetch::size_bytes);
  return fetches;
}

}  // namespace cairn::volume
