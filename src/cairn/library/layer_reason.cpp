// SPDX-License-Identifier: Apache-2.0
#include <cairn/library/layer_reason.hpp>

#include <algorithm>
#include <array>

namespace cairn::library {

std::string_view name(LayerReason reason)
{
  switch (reason) {
    case LayerReason::first: return "first";
    case LayerReason::fresh: return "new";
    case LayerReason::merge: return "merge";
    case LayerReason::dead_cap: return "dead-cap";
    case LayerReason::purge: return "purge";
    case LayerReason::rewrite: return "rewrite";
  }
  return "first";
}

std::optional<LayerReason> layer_reason_from(std::string_view text)
{
  constexpr std::array reasons{LayerReason::first,    LayerReason::fresh, LayerReason::merge,
                               LayerReason::dead_cap, LayerReason::purge, LayerReason::rewrite};
  const auto found = std::ranges::find(reasons, text, [](LayerReason reason) { return name(reason); });
  return found == reasons.end() ? std::nullopt : std::optional(*found);
}

}  // namespace cairn::library
