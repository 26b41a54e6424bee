// SPDX-License-Identifier: Apache-2.0
//
// Two opposite wishes: few layers change with each release, and few bytes are dead. What a layer costs is paid when it is
// made again, so it is made again only when something forces it, and what the release sends anyway is put together freely.
// Without dead bytes (a cap of 0) every change writes its whole layer again, so there layers are as many and as small as
// the budget allows, and new units share the layers that are written again.
// The constants come from tests/bench/plan.py; docs/small-updates.md has the figures.
#include <cairn/library/plan.hpp>

#include <cairn/library/arrangement.hpp>

#include <algorithm>
#include <cassert>
#include <limits>
#include <map>

namespace cairn::library {
namespace {

/// A first plan gives this part of the budget to large units alone: their dead bytes go with their layer, for nothing.
constexpr double singles_share = 0.5;
/// No unit smaller than this part of an even share is called large.
constexpr std::uint64_t single_divisor = 8;
/// The rest goes into few layers, so that releases can add some …
constexpr double runs_share = 0.1;
/// … unless the cap is tight: then layers are written again all the time, and small ones cost less.
constexpr double runs_share_when_tight = 0.3;
constexpr double tight_cap = 0.05;
/// What is written again may take this part of the layers that are left over.
constexpr double rewritten_share = 0.6;
/// A run is not made smaller than this: small ones save nothing.
constexpr std::uint64_t smallest_run_bytes = std::uint64_t{4} << 20;

std::uint64_t share_of(std::uint64_t count, double share)
{
  return std::max<std::uint64_t>(1, static_cast<std::uint64_t>(static_cast<double>(count) * share));
}

/// A layer that is to be made.
struct Making {
  LayerReason reason;
  std::vector<SizedUnit> units;
  std::uint64_t bytes;
  std::optional<std::size_t> place = std::nullopt;  ///< the previous layer whose units these are, none more or less
};

Making making(LayerReason reason, std::vector<SizedUnit> units)
{
  const auto bytes = total_bytes(units);
  return {reason, std::move(units), bytes};
}

std::vector<Making> first_plan(const PlanInput& input, LayerReason reason)
{
  std::vector<SizedUnit> units;
  for (const auto& unit : input.units) units.push_back({unit.name, unit.bytes});
  std::vector<Making> layers;
  const auto budget = input.budget_layers;
  if (input.dead_cap == 0) {
    for (auto& run : cheapest_runs(std::move(units), budget)) layers.push_back(making(reason, std::move(run)));
    return layers;
  }
  sort_by_size(units);
  const auto large = std::max<std::uint64_t>(1, total_bytes(units) / (single_divisor * budget));
  const auto most_singles = budget > 1 ? std::min(share_of(budget, singles_share), budget - 1) : 0;
  std::vector<SizedUnit> others;
  for (auto& unit : units) {
    if (unit.bytes >= large && layers.size() < most_singles) layers.push_back(making(reason, {std::move(unit)}));
    else others.push_back(std::move(unit));
  }
  std::ranges::sort(others, {}, &SizedUnit::name);
  const auto most_runs = std::min({share_of(budget, input.dead_cap < tight_cap ? runs_share_when_tight : runs_share),
                                   budget - layers.size(), std::max<std::uint64_t>(1, total_bytes(others) / smallest_run_bytes)});
  for (auto& run : even_runs(others, most_runs)) layers.push_back(making(reason, std::move(run)));
  return layers;
}

/// A previous layer while the next plan is made.
struct Kept {
  std::size_t index;
  std::vector<SizedUnit> live;
  std::uint64_t live_bytes = 0;
  std::uint64_t dead_bytes = 0;
};

class NextPlan {
public:
  explicit NextPlan(const PlanInput& input) : input_(input)
  {
    for (const auto& unit : input.units) {
      units_[unit.name] = &unit;
      live_bytes_ += unit.bytes;
    }
    if (input.previous.empty()) anew_ = LayerReason::first;
  }

  std::vector<PlannedLayer> make()
  {
    keep_previous();
    if (kept_.empty() && made_.empty()) {
      made_ = first_plan(input_, anew_);
      return finish();
    }
    rewrite_over_cap();
    add_new();
    add_rewritten();
    merge_over_budget();
    return finish();
  }

private:
  void keep_previous()
  {
    for (std::size_t i = 0; i < input_.previous.size(); ++i) {
      Kept layer{.index = i, .live = {}};
      bool purged = false;
      for (const auto& fragment : input_.previous[i].fragments) {
        purged = purged || input_.purge.contains(fragment.unit);
        const auto unit = units_.find(fragment.unit);
        if (fragment.live && unit != units_.end() && !unit->second->changed) {
          layer.live.push_back({fragment.unit, fragment.bytes});
          layer.live_bytes += fragment.bytes;
          live_bytes_ += fragment.bytes - unit->second->bytes;  // what it is, not what it was thought to be
        } else {
          layer.dead_bytes += fragment.bytes;
        }
      }
      if (layer.live.empty()) continue;  // nothing lives there
      for (const auto& unit : layer.live) placed_.insert(unit.name);
      if (purged) {
        anew_ = LayerReason::purge;
        rewrite(layer, LayerReason::purge);
      } else if (input_.previous[i].rewrite) {
        // The same units in the same place: in another codec alone, its plain bytes are what they were, and so are the
        // chain IDs by which runtimes know what they have unpacked.
        made_.push_back(making(LayerReason::rewrite, std::move(layer.live)));
        made_.back().place = i;
      } else {
        kept_.push_back(std::move(layer));
      }
    }
  }

  void rewrite(Kept& layer, LayerReason reason)
  {
    auto& rewritten = rewritten_[reason];
    std::ranges::move(layer.live, std::back_inserter(rewritten));
  }

  void rewrite_over_cap()
  {
    std::uint64_t dead = 0;
    for (const auto& layer : kept_) dead += layer.dead_bytes;
    const auto cap = static_cast<std::uint64_t>(static_cast<double>(live_bytes_) * input_.dead_cap);
    while (dead > cap) {
      const auto ratio = [](const Kept& layer) {
        return static_cast<double>(layer.dead_bytes) / (static_cast<double>(layer.live_bytes) + 1);
      };
      const auto worst = std::ranges::max_element(kept_, {}, ratio);
      dead -= worst->dead_bytes;
      rewrite(*worst, LayerReason::dead_cap);
      kept_.erase(worst);
    }
  }

  void add_new()
  {
    std::vector<SizedUnit> fresh;
    for (const auto& unit : input_.units)
      if (!placed_.contains(unit.name)) fresh.push_back({unit.name, unit.bytes});
    if (fresh.empty()) return;
    if (const auto rewritten = rewritten_.find(LayerReason::dead_cap); input_.dead_cap == 0 && rewritten != rewritten_.end()) {
      std::ranges::move(fresh, std::back_inserter(rewritten->second));
      return;
    }
    const auto large = std::max<std::uint64_t>(1, live_bytes_ / input_.budget_layers);
    const auto small = std::ranges::stable_partition(fresh, [&](const SizedUnit& unit) { return unit.bytes >= large; });
    for (auto unit = fresh.begin(); unit != small.begin(); ++unit) made_.push_back(making(LayerReason::fresh, {*unit}));
    if (!small.empty()) made_.push_back(making(LayerReason::fresh, {small.begin(), small.end()}));
  }

  void add_rewritten()
  {
    const auto taken = kept_.size() + made_.size();
    const auto spare = input_.budget_layers > taken ? input_.budget_layers - taken : 0;
    for (auto& [reason, units] : rewritten_) {
      const auto most = std::min(share_of(spare, input_.dead_cap == 0 ? 1 : rewritten_share),
                                 std::max<std::uint64_t>(1, total_bytes(units) / smallest_run_bytes));
      for (auto& run : cheapest_runs(std::move(units), most)) made_.push_back(making(reason, std::move(run)));
    }
  }

  [[nodiscard]] bool over_budget() const { return kept_.size() + made_.size() > input_.budget_layers; }

  /// What is sent anyway is put together first; then the kept layers that cost least join the smallest of it.
  void merge_over_budget()
  {
    while (over_budget()) {
      std::ranges::sort(made_, larger);
      if (made_.size() > 1) {
        merge_smallest(std::move(made_[made_.size() - 2]));
        made_.erase(made_.end() - 2);
        continue;
      }
      const auto least = std::ranges::min_element(kept_, {}, &Kept::live_bytes);
      auto cheapest = making(LayerReason::merge, std::move(least->live));
      kept_.erase(least);
      if (made_.empty()) made_.push_back(std::move(cheapest));  // one layer more has to go
      else merge_smallest(std::move(cheapest));
    }
  }

  void merge_smallest(Making&& other)
  {
    auto& smallest = made_.back();
    smallest.reason = LayerReason::merge;
    smallest.place.reset();
    smallest.bytes += other.bytes;
    std::ranges::move(other.units, std::back_inserter(smallest.units));
  }

  /// Larger ones come lower: the smaller a layer is, the sooner it is merged, and all above it unpacked anew.
  static bool larger(const Making& a, const Making& b)
  {
    return a.bytes != b.bytes ? a.bytes > b.bytes : a.units.front().name < b.units.front().name;
  }

  std::vector<PlannedLayer> finish()
  {
    std::vector<PlannedLayer> layers;
    const auto add = [&](std::optional<std::size_t> kept, const std::vector<SizedUnit>& units, LayerReason reason) {
      auto& layer = layers.emplace_back(PlannedLayer{kept, {}, reason});
      for (const auto& unit : units) layer.units.push_back(unit.name);
      std::ranges::sort(layer.units);
    };
    for (const auto& layer : kept_) add(layer.index, layer.live, LayerReason::first);
    std::ranges::sort(made_, larger);
    std::ranges::stable_sort(made_, {}, [](const Making& layer) { return layer.place.value_or(std::numeric_limits<std::size_t>::max()); });
    for (const auto& layer : made_) add(std::nullopt, layer.units, layer.reason);
    return layers;
  }

  const PlanInput& input_;
  std::map<std::string, const PlanUnit*> units_;
  std::set<std::string> placed_;  ///< units that a previous layer holds as they are
  std::uint64_t live_bytes_ = 0;
  LayerReason anew_ = LayerReason::fresh;  ///< why all of it would be made anew
  std::vector<Kept> kept_;
  std::map<LayerReason, std::vector<SizedUnit>> rewritten_;
  std::vector<Making> made_;
};

}  // namespace

std::vector<PlannedLayer> plan(const PlanInput& input)
{
  assert(input.budget_layers >= 1 && input.dead_cap >= 0);
  return NextPlan(input).make();
}

}  // namespace cairn::library
