// SPDX-License-Identifier: Apache-2.0
#include <cairn/library/bake_plan.hpp>

#include <cairn/base/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace cairn::library {
namespace {

/// The live fragments of a layer whose unit is among `units` (null: any).
std::vector<Document::Place> live_fragments(const Document& document, std::size_t layer, const std::set<std::string>* units)
{
  std::vector<Document::Place> places;
  const auto& fragments = document.layers[layer].fragments;
  for (std::size_t i = 0; i < fragments.size(); ++i)
    if (fragments[i].live && (units == nullptr || units->contains(fragments[i].unit))) places.push_back({layer, i});
  return places;
}

std::uint64_t packed_bytes(const Document& document, const std::vector<Document::Place>& places)
{
  std::uint64_t total = 0;
  for (const auto& place : places) total += document.layers[place.layer].fragments[place.fragment].packed_bytes;
  return total;
}

void make_of_fragments(BakedLayer& layer, const Document& document)
{
  if (!layer.as_is) return;
  layer.as_is = false;
  layer.fragments = live_fragments(document, layer.from.front(), nullptr);
  layer.packed_bytes = packed_bytes(document, layer.fragments);
}

std::uint64_t live_bytes(const BakedLayer& layer, const Document& document)
{
  return layer.as_is ? packed_bytes(document, live_fragments(document, layer.from.front(), nullptr)) : layer.packed_bytes;
}

Codec codec(const BakedLayer& layer, const Document& document) { return document.layers[layer.from.front()].compression.codec; }

}  // namespace

std::vector<BakedLayer> plan_all(const Document& document)
{
  std::vector<BakedLayer> layers;
  for (std::size_t i = 0; i < document.layers.size(); ++i) layers.push_back({{i}, true, {}, document.layers[i].size_bytes});
  return layers;
}

std::vector<BakedLayer> plan_part(const Document& document, const std::vector<std::string>& units)
{
  const std::set<std::string> wanted(units.begin(), units.end());
  std::vector<BakedLayer> layers;
  for (std::size_t i = 0; i < document.layers.size(); ++i) {
    const auto& info = document.layers[i];
    auto places = live_fragments(document, i, &wanted);
    if (places.empty()) continue;
    const bool all = places.size() == info.fragments.size() && info.opaque.empty() && info.removed.empty();
    const auto bytes = all ? info.size_bytes : packed_bytes(document, places);
    if (all) places.clear();
    layers.push_back({{i}, all, std::move(places), bytes});
  }
  return layers;
}

std::vector<BakedLayer> join(std::vector<BakedLayer> layers, std::size_t most_layers, const Document& document)
{
  while (layers.size() > most_layers) {
    std::optional<std::size_t> best;
    std::uint64_t best_bytes = 0;
    for (std::size_t i = 0; i + 1 < layers.size(); ++i) {
      if (codec(layers[i], document) != codec(layers[i + 1], document)) continue;
      const auto bytes = live_bytes(layers[i], document) + live_bytes(layers[i + 1], document);
      if (best && best_bytes <= bytes) continue;
      best = i;
      best_bytes = bytes;
    }
    if (!best)
      throw Error(
          Errc::limit,
          fmt::format("the library's {} layers must become {}, but they have different compressions and cannot be joined; split it anew",
                      layers.size(), most_layers));
    auto& lower = layers[*best];
    auto& upper = layers[*best + 1];
    make_of_fragments(lower, document);
    make_of_fragments(upper, document);
    lower.from.insert(lower.from.end(), upper.from.begin(), upper.from.end());
    lower.fragments.insert(lower.fragments.end(), upper.fragments.begin(), upper.fragments.end());
    lower.packed_bytes += upper.packed_bytes;
    layers.erase(layers.begin() + static_cast<std::ptrdiff_t>(*best) + 1);
  }
  return layers;
}

std::set<std::string> still_opaque(const std::vector<BakedLayer>& layers, std::size_t number, const Document& document)
{
  std::set<std::string> dead;
  for (std::size_t i = 0; i < number; ++i) {
    if (!layers[i].as_is) continue;
    for (const auto& fragment : document.layers[layers[i].from.front()].fragments)
      if (!fragment.live)
        for (const auto& root : fragment.roots) dead.insert(root.path);
  }
  std::set<std::string> opaque;
  for (const auto from : layers[number].from)
    for (const auto& path : document.layers[from].opaque)
      if (dead.contains(path)) opaque.insert(path);
  return opaque;
}

}  // namespace cairn::library
