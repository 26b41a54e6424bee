// SPDX-License-Identifier: Apache-2.0
#include <cairn/library/plan.hpp>

#include <algorithm>
#include <cassert>
#include <map>

namespace cairn::library {
namespace {

/// A first plan uses half of the budget, so that releases can add layers: this part of it for large units alone …
constexpr double singles_share = 0.3;
/// … and this part for the rest, in order of their names.
constexpr double bins_share = 0.2;
/// A bin is not made smaller than this: since what changes later goes to a layer of its own, small bins save nothing.
constexpr std::uint64_t smallest_bin_bytes = std::uint64_t{4} << 20;

std::uint64_t share_of(std::uint64_t budget, double share)
{
  return std::max<std::uint64_t>(1, static_cast<std::uint64_t>(static_cast<double>(budget) * share));
}

std::uint64_t total_bytes(const std::vector<PlanUnit>& units)
{
  std::uint64_t total = 0;
  for (const auto& unit : units) total += unit.bytes;
  return total;
}

void sort_names(std::vector<std::string>& names) { std::ranges::sort(names); }

/// Largest first; equal ones by name.
bool larger(const PlanUnit* a, const PlanUnit* b) { return a->bytes != b->bytes ? a->bytes > b->bytes : a->name < b->name; }

/// Cut `units` (in name order) into at most `count` runs of about equal size.
std::vector<PlannedLayer> bins(const std::vector<const PlanUnit*>& units, std::uint64_t count)
{
  std::uint64_t left = 0;
  for (const auto* unit : units) left += unit->bytes;
  std::vector<PlannedLayer> out;
  std::size_t at = 0;
  for (; count > 0 && at < units.size(); --count) {
    const auto goal = left / count;
    PlannedLayer layer;
    std::uint64_t bytes = 0;
    // The last run takes all; others stop where they come nearest to their goal, and leave one unit for each run after them.
    while (at < units.size() && (count == 1 || layer.units.empty() ||
                                 (bytes + units[at]->bytes / 2 <= goal && units.size() - at >= count))) {
      bytes += units[at]->bytes;
      layer.units.push_back(units[at++]->name);
    }
    left -= bytes;
    out.push_back(std::move(layer));
  }
  return out;
}

std::vector<PlannedLayer> first_plan(const std::vector<PlanUnit>& units, std::uint64_t budget)
{
  std::vector<const PlanUnit*> by_size;
  for (const auto& unit : units) by_size.push_back(&unit);
  std::ranges::sort(by_size, larger);
  const auto total = total_bytes(units);
  std::vector<PlannedLayer> layers;
  std::vector<const PlanUnit*> others;
  const auto most_singles = budget > 1 ? std::min(share_of(budget, singles_share), budget - 1) : 0;
  for (const auto* unit : by_size) {
    // What is smaller than half an even share gains nothing from a layer of its own.
    const bool large = unit->bytes > 0 && unit->bytes >= total / (2 * budget);
    if (large && layers.size() < most_singles) layers.push_back({std::nullopt, {unit->name}});
    else others.push_back(unit);
  }
  std::ranges::sort(others, {}, &PlanUnit::name);
  std::uint64_t left = 0;
  for (const auto* unit : others) left += unit->bytes;
  const auto most_bins = std::min({share_of(budget, bins_share), budget - layers.size(), std::max<std::uint64_t>(1, left / smallest_bin_bytes)});
  for (auto& bin : bins(others, most_bins)) layers.push_back(std::move(bin));
  return layers;
}

/// A layer while the next plan is made.
struct Draft {
  std::optional<std::size_t> previous;
  std::vector<std::string> units;
  std::uint64_t live_bytes = 0;
  std::uint64_t dead_bytes = 0;
};

class NextPlan {
public:
  explicit NextPlan(const PlanInput& input) : input_(input)
  {
    for (const auto& unit : input.units) units_[unit.name] = &unit;
  }

  std::vector<PlannedLayer> make()
  {
    keep_previous();
    add_new();
    while (over_budget()) merge_least();
    while (dead_bytes() > static_cast<std::uint64_t>(static_cast<double>(live_bytes()) * input_.dead_cap) && rewrite_worst()) {}
    return finish();
  }

private:
  void keep_previous()
  {
    for (std::size_t i = 0; i < input_.previous.size(); ++i) {
      Draft draft;
      draft.previous = i;
      for (const auto& fragment : input_.previous[i].fragments) {
        const auto unit = units_.find(fragment.unit);
        if (fragment.live && unit != units_.end() && !unit->second->changed) {
          draft.units.push_back(fragment.unit);
          draft.live_bytes += fragment.bytes;
          placed_.insert({fragment.unit, true});
        } else {
          draft.dead_bytes += fragment.bytes;
        }
      }
      if (draft.units.empty()) continue;  // nothing lives there
      if (input_.previous[i].rewrite) {
        draft.previous.reset();
        draft.dead_bytes = 0;
      }
      drafts_.push_back(std::move(draft));
    }
  }

  void add_new()
  {
    std::vector<const PlanUnit*> fresh;
    for (const auto& unit : input_.units)
      if (!placed_.contains(unit.name)) fresh.push_back(&unit);
    if (fresh.empty()) return;
    const auto large = std::max<std::uint64_t>(1, total_bytes(input_.units) / input_.budget_layers);
    std::ranges::sort(fresh, larger);
    Draft together;
    for (const auto* unit : fresh) {
      if (unit->bytes >= large && fresh.size() > 1) {
        drafts_.push_back({std::nullopt, {unit->name}, unit->bytes, 0});
      } else {
        together.units.push_back(unit->name);
        together.live_bytes += unit->bytes;
      }
    }
    if (!together.units.empty()) drafts_.push_back(std::move(together));
  }

  [[nodiscard]] bool over_budget() const { return drafts_.size() > input_.budget_layers; }

  /// Make one new layer, on top, of the two with least live bytes.
  void merge_least()
  {
    const auto least = [&] {
      return std::ranges::min_element(drafts_, [](const Draft& a, const Draft& b) { return a.live_bytes < b.live_bytes; });
    };
    Draft merged;
    for (int i = 0; i < 2; ++i) {
      const auto taken = least();
      merged.units.insert(merged.units.end(), taken->units.begin(), taken->units.end());
      merged.live_bytes += taken->live_bytes;
      drafts_.erase(taken);
    }
    drafts_.push_back(std::move(merged));
  }

  [[nodiscard]] std::uint64_t live_bytes() const
  {
    std::uint64_t total = 0;
    for (const auto& draft : drafts_) total += draft.live_bytes;
    return total;
  }
  [[nodiscard]] std::uint64_t dead_bytes() const
  {
    std::uint64_t total = 0;
    for (const auto& draft : drafts_) total += draft.dead_bytes;
    return total;
  }

  bool rewrite_worst()
  {
    const auto worst = std::ranges::max_element(drafts_, [](const Draft& a, const Draft& b) {
      // a.dead/a.live < b.dead/b.live, in whole numbers' order; live may be 0 only for empty units
      return static_cast<double>(a.dead_bytes) * static_cast<double>(b.live_bytes + 1) <
             static_cast<double>(b.dead_bytes) * static_cast<double>(a.live_bytes + 1);
    });
    if (worst == drafts_.end() || worst->dead_bytes == 0) return false;
    auto draft = std::move(*worst);
    drafts_.erase(worst);
    draft.previous.reset();
    draft.dead_bytes = 0;
    drafts_.push_back(std::move(draft));
    return true;
  }

  std::vector<PlannedLayer> finish()
  {
    std::ranges::stable_partition(drafts_, [](const Draft& draft) { return draft.previous.has_value(); });
    std::vector<PlannedLayer> layers;
    for (auto& draft : drafts_) {
      sort_names(draft.units);
      layers.push_back({draft.previous, std::move(draft.units)});
    }
    return layers;
  }

  const PlanInput& input_;
  std::map<std::string, const PlanUnit*> units_;
  std::map<std::string, bool> placed_;
  std::vector<Draft> drafts_;
};

}  // namespace

std::vector<PlannedLayer> plan(const PlanInput& input)
{
  assert(input.budget_layers >= 1);
  auto layers = input.previous.empty() ? first_plan(input.units, input.budget_layers) : NextPlan(input).make();
  for (auto& layer : layers) sort_names(layer.units);
  return layers;
}

}  // namespace cairn::library
