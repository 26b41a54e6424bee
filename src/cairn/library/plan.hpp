// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/library/layer_reason.hpp>

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

/// Which units go into which layer. A pure function: the same inputs give the same plan. docs/formats/plan.md.
namespace cairn::library {

/// Dead bytes may be this part of the live ones unless one says otherwise.
inline constexpr double default_dead_cap = 0.1;

struct PlanUnit {
  std::string name;
  std::uint64_t bytes = 0;  ///< plain bytes of its fragment, or a good estimate
  bool changed = true;      ///< not in the previous release with the same content
};

struct PlanFragment {
  std::string unit;
  std::uint64_t bytes = 0;
  bool live = true;  ///< in the previous release
};

/// A layer of the previous release, lowest first.
struct PlanLayer {
  std::vector<PlanFragment> fragments;
  bool rewrite = false;  ///< must not be kept, whatever it costs
};

struct PlanInput {
  std::vector<PlanUnit> units;      ///< sorted by name
  std::vector<PlanLayer> previous;  ///< empty: a first plan
  std::uint64_t budget_layers = 0;  ///< for layers of units: at least 1
  double dead_cap = default_dead_cap;  ///< dead bytes may be this part of the live ones; 0: there are none
  std::set<std::string> purge = {};    ///< layers with bytes of these units, live or dead, are not kept
};

struct PlannedLayer {
  std::optional<std::size_t> kept;           ///< index of a previous layer whose blob stays
  std::vector<std::string> units;            ///< live units, sorted
  LayerReason reason = LayerReason::first;   ///< why it is made; of a kept layer nothing is said
};

/// Lowest first: kept layers in their order, new ones on top.
[[nodiscard]] std::vector<PlannedLayer> plan(const PlanInput& input);

}  // namespace cairn::library
