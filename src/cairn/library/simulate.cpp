// SPDX-License-Identifier: Apache-2.0
#include <cairn/library/simulate.hpp>

#include <cairn/base/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numbers>
#include <random>

namespace cairn::library {
namespace {

/// A built unit's size differs from the last build's by about this part.
constexpr double rebuilt_spread = 0.1;
constexpr double smallest_unit_bytes = 4096;

/// The standard's distributions differ between libraries; these do not.
class Chance {
public:
  explicit Chance(std::uint64_t seed) : engine_(seed) {}

  /// From 0 up to, not including, 1.
  double part() { return static_cast<double>(engine_() >> 11) * 0x1p-53; }
  std::size_t below(std::size_t count) { return std::min(count - 1, static_cast<std::size_t>(part() * static_cast<double>(count))); }
  /// Box and Muller's method.
  double normal() { return std::sqrt(-2 * std::log(1 - part())) * std::cos(2 * std::numbers::pi * part()); }
  /// `mean` on average: its whole part, or one more.
  std::size_t count(double mean)
  {
    const auto whole = std::floor(mean);
    return static_cast<std::size_t>(whole) + (part() < mean - whole ? 1 : 0);
  }

private:
  std::mt19937_64 engine_;
};

/// In whole KiB, so that the last digit of a logarithm, which machines may differ in, is hardly ever seen.
std::uint64_t size_of(double bytes)
{
  return static_cast<std::uint64_t>(std::round(std::clamp(bytes, smallest_unit_bytes, 0x1p50) / 1024)) * 1024;
}

class HistoryMaker {
public:
  explicit HistoryMaker(const ChangeModel& model) : model_(model), chance_(model.seed) {}

  ChangeHistory make(std::uint64_t releases)
  {
    ChangeHistory history;
    for (std::uint64_t i = 0; i < model_.units; ++i) history.first.insert(add());
    while (history.releases.size() < releases) history.releases.push_back(change());
    return history;
  }

private:
  std::pair<std::string, std::uint64_t> add()
  {
    const auto mean_log = std::log(static_cast<double>(model_.mean_bytes)) - model_.spread * model_.spread / 2;
    auto name = fmt::format("unit{:06}", ++made_);
    const auto bytes = size_of(std::exp(mean_log + model_.spread * chance_.normal()));
    names_.push_back(name);
    bytes_[name] = bytes;
    return {std::move(name), bytes};
  }

  ChangeHistory::Release change()
  {
    ChangeHistory::Release release;
    const auto changed = chance_.count(static_cast<double>(names_.size()) * model_.changed);
    auto removed = chance_.count(static_cast<double>(names_.size()) * model_.removed);
    for (std::size_t i = 0; i < changed && !names_.empty(); ++i) {
      const auto& name = names_[chance_.below(names_.size())];
      auto& rebuilt = bytes_[name];
      rebuilt = size_of(static_cast<double>(rebuilt) * std::exp(rebuilt_spread * chance_.normal()));
      release[name] = rebuilt;
    }
    for (; removed > 0 && !names_.empty(); --removed) {
      const auto at = names_.begin() + static_cast<std::ptrdiff_t>(chance_.below(names_.size()));
      release[*at] = std::nullopt;
      bytes_.erase(*at);
      names_.erase(at);
    }
    for (std::uint64_t i = 0; i < model_.added; ++i) release.insert(add());
    return release;
  }

  const ChangeModel& model_;
  Chance chance_;
  std::uint64_t made_ = 0;
  std::vector<std::string> names_;
  std::map<std::string, std::uint64_t> bytes_;
};

/// The library as `split` would keep it from release to release.
class Replay {
public:
  Replay(const ChangeHistory& history, const SimulationSettings& settings) : settings_(settings), units_(history.first)
  {
    for (const auto& [name, bytes] : units_) changed_.insert(name);
  }

  void change(const ChangeHistory::Release& release, std::size_t number)
  {
    changed_.clear();
    for (const auto& [name, bytes] : release) {
      if (bytes) {
        units_[name] = *bytes;
        changed_.insert(name);
      } else if (units_.erase(name) == 0) {
        throw Error(Errc::bad_input, fmt::format("release {}: removes {}, which is not there", number, printable(name)));
      }
    }
  }

  SimulatedRelease publish()
  {
    PlanInput input{
        .units = {}, .previous = std::move(layers_), .budget_layers = settings_.budget_layers - 1, .dead_cap = settings_.dead_cap};
    SimulatedRelease out;
    out.units = units_.size();
    for (const auto& [name, bytes] : units_) {
      input.units.push_back({name, bytes, changed_.contains(name)});
      out.live_bytes += bytes;
      if (input.units.back().changed) out.new_bytes += bytes;
    }
    out.fetched_bytes = out.units * settings_.index_bytes;
    layers_.clear();
    for (const auto& planned : plan(input)) {
      layers_.push_back(planned.kept ? keep(std::move(input.previous[*planned.kept]), out) : make(planned, out));
    }
    out.layers = layers_.size() + 1;
    return out;
  }

private:
  PlanLayer keep(PlanLayer layer, SimulatedRelease& out) const
  {
    for (auto& fragment : layer.fragments) {
      fragment.live = fragment.live && units_.contains(fragment.unit) && !changed_.contains(fragment.unit);
      if (!fragment.live) out.dead_bytes += fragment.bytes;
    }
    return layer;
  }

  PlanLayer make(const PlannedLayer& planned, SimulatedRelease& out) const
  {
    PlanLayer layer;
    for (const auto& unit : planned.units) {
      layer.fragments.push_back({unit, units_.at(unit), true});
      out.fetched_bytes += units_.at(unit);
    }
    ++out.made[planned.reason];
    return layer;
  }

  const SimulationSettings& settings_;
  std::map<std::string, std::uint64_t> units_;
  std::set<std::string> changed_;
  std::vector<PlanLayer> layers_;
};

}  // namespace

ChangeHistory make_history(const ChangeModel& model, std::uint64_t releases) { return HistoryMaker(model).make(releases); }

std::optional<double> Simulation::amplification() const
{
  if (new_bytes == 0) return std::nullopt;
  return static_cast<double>(fetched_bytes) / static_cast<double>(new_bytes);
}

Simulation simulate(const ChangeHistory& history, const SimulationSettings& settings, const Task& task)
{
  assert(settings.budget_layers >= 2);
  Simulation simulation;
  Replay replay(history, settings);
  simulation.releases.push_back(replay.publish());
  for (std::size_t i = 0; i < history.releases.size(); ++i) {
    task.check();
    replay.change(history.releases[i], i + 1);
    const auto& release = simulation.releases.emplace_back(replay.publish());
    simulation.new_bytes += release.new_bytes;
    simulation.fetched_bytes += release.fetched_bytes;
  }
  return simulation;
}

}  // namespace cairn::library
