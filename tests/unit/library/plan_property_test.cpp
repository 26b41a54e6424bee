// SPDX-License-Identifier: Apache-2.0
//
// What holds for every plan, over thousands of random histories. Units have roots here, so that what an image of the layers
// shows can be compared with what it should show: plan and hiding only work together.
#include <cairn/library/hiding.hpp>
#include <cairn/library/plan.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <map>
#include <random>
#include <set>

namespace cairn::library {
namespace {

/// One state of a unit.
struct Version {
  std::uint64_t bytes = 0;
  int number = 0;
  std::vector<RootPath> roots;
};

struct Fragment {
  std::string unit;
  Version version;
  bool live = true;
};

struct Layer {
  std::vector<Fragment> fragments;
  std::vector<std::string> opaque;
};

std::string tag(const std::string& unit, const Version& version) { return fmt::format("{}#{}", unit, version.number); }

/// What a tree shows: path -> whose it is.
using Shown = std::map<std::string, std::string>;

void erase_below(Shown& shown, const std::string& path)
{
  const auto begin = shown.lower_bound(path + '/');
  shown.erase(begin, std::find_if(begin, shown.end(), [&](const auto& entry) { return !entry.first.starts_with(path + '/'); }));
}

void show(Shown& shown, const std::string& unit, const Version& version)
{
  for (const auto& root : version.roots) {
    shown[root.path] = tag(unit, version);
    // Each version has another name, so that what is left over of an old one is seen.
    if (root.is_directory) shown[fmt::format("{}/.of-{}", root.path, tag(unit, version))] = tag(unit, version);
  }
}

/// One library through many releases, as `split` would keep it.
class History {
public:
  explicit History(std::uint64_t seed) : random_(seed)
  {
    budget_ = number(1, 12);
    constexpr std::array caps{0.0, 0.02, 0.1, 0.1, 0.5};
    cap_ = caps[number(0, caps.size() - 1)];
    change();
  }

  void release()
  {
    current_ = {};
    for (const auto& [name, version] : units_) current_.add(version.roots);
    const auto input = input_for();
    const auto planned = plan(input);
    EXPECT_TRUE(std::ranges::equal(planned, plan(input), [](const auto& a, const auto& b) {
      return a.kept == b.kept && a.units == b.units && a.reason == b.reason;
    })) << "the same input gives another plan";
    check_places(input, planned);
    check_bytes(input, planned);
    check_reasons(input, planned);
    take(planned);
    check_shown();
    changed_.clear();
    purge_.clear();
    check_nothing_to_do();
    change();
  }

private:
  std::uint64_t number(std::uint64_t least, std::uint64_t most) { return std::uniform_int_distribution(least, most)(random_); }
  bool one_in(std::uint64_t count) { return number(1, count) == 1; }
  std::uint64_t size() { return one_in(10) ? 0 : std::uint64_t{1} << number(0, 34); }

  // How it changes.

  void change()
  {
    if (one_in(4)) return change_one();
    std::erase_if(units_, [&](const auto&) { return one_in(12); });
    for (auto& [name, version] : units_)
      if (one_in(10)) build(name, version);
    for (auto i = number(0, units_.empty() ? 12 : 4); i > 0; --i) {
      const auto name = fmt::format("u{}", number(0, 40));
      if (const auto [unit, is_new] = units_.try_emplace(name); is_new) build(name, unit->second);
    }
    if (one_in(10)) budget_ = number(1, 12);
    if (one_in(6)) purge_.insert(fmt::format("u{}", number(0, 40)));
  }

  void change_one()
  {
    if (units_.empty()) return;
    auto unit = units_.begin();
    std::advance(unit, number(0, units_.size() - 1));
    build(unit->first, unit->second);
  }

  void build(const std::string& name, Version& version)
  {
    changed_.insert(name);
    version.bytes = size();
    version.number = ++built_;
    if (!version.roots.empty() && !one_in(4)) return;
    version.roots = {{"p/" + name, one_in(2)}};
    // Paths that several units want in turn, one in another.
    constexpr std::array shared{"s/a", "s/a/b", "s/a/b/c", "s/d", "s/d/e", "t"};
    for (const auto* path : shared)
      if (one_in(8) && is_free(path)) version.roots.push_back({path, std::string_view(path) != "t" || one_in(2)});
    std::ranges::sort(version.roots);
  }

  [[nodiscard]] bool is_free(const std::string& path) const
  {
    return std::ranges::none_of(
        units_, [&](const auto& unit) { return std::ranges::find(unit.second.roots, path, &RootPath::path) != unit.second.roots.end(); });
  }

  [[nodiscard]] PlanInput input_for()
  {
    PlanInput input{.units = {}, .previous = {}, .budget_layers = budget_, .dead_cap = cap_, .purge = purge_};
    for (const auto& [name, version] : units_) input.units.push_back({name, version.bytes, changed_.contains(name)});
    for (const auto& layer : layers_) {
      PlanLayer planned;
      for (const auto& fragment : layer.fragments) {
        planned.fragments.push_back({fragment.unit, fragment.version.bytes, fragment.live});
        if (!lives(fragment) && !current_.can_hide(fragment.version.roots)) planned.rewrite = true;
      }
      if (one_in(20)) planned.rewrite = true;
      input.previous.push_back(std::move(planned));
    }
    return input;
  }

  template <class AnyFragment>
  [[nodiscard]] bool lives(const AnyFragment& fragment) const
  {
    return fragment.live && units_.contains(fragment.unit) && !changed_.contains(fragment.unit);
  }

  // What must hold.

  void check_places(const PlanInput& input, const std::vector<PlannedLayer>& planned) const
  {
    EXPECT_LE(planned.size(), budget_);
    std::multiset<std::string> placed;
    std::optional<std::size_t> last;
    bool has_new = false;
    for (const auto& layer : planned) {
      EXPECT_FALSE(layer.units.empty());
      EXPECT_TRUE(std::ranges::is_sorted(layer.units));
      placed.insert(layer.units.begin(), layer.units.end());
      if (!layer.kept) {
        has_new = true;
        continue;
      }
      EXPECT_FALSE(has_new) << "a kept layer on top of a new one";
      EXPECT_TRUE(!last || *last < *layer.kept) << "kept layers out of order";
      last = layer.kept;
      std::vector<std::string> living;
      for (const auto& fragment : input.previous.at(*layer.kept).fragments)
        if (lives(fragment)) living.push_back(fragment.unit);
      std::ranges::sort(living);
      EXPECT_EQ(layer.units, living) << "a kept layer with other units than live there";
    }
    std::multiset<std::string> all;
    for (const auto& [name, version] : units_) all.insert(name);
    EXPECT_EQ(placed, all) << "each unit lies in exactly one layer";
  }

  void check_bytes(const PlanInput& input, const std::vector<PlannedLayer>& planned) const
  {
    std::uint64_t live = 0;
    std::uint64_t dead = 0;
    for (const auto& [name, version] : units_) live += version.bytes;
    for (const auto& layer : planned) {
      if (!layer.kept) continue;
      EXPECT_FALSE(input.previous[*layer.kept].rewrite);
      for (const auto& fragment : input.previous[*layer.kept].fragments) {
        EXPECT_FALSE(purge_.contains(fragment.unit)) << "bytes of a purged unit stay";
        if (!lives(fragment)) dead += fragment.bytes;
      }
    }
    EXPECT_LE(static_cast<double>(dead), static_cast<double>(live) * cap_);
  }

  /// Without a reason nothing is made but one layer a release and those of large units.
  void check_reasons(const PlanInput& input, const std::vector<PlannedLayer>& planned) const
  {
    std::size_t new_together = 0;
    for (const auto& layer : planned) {
      if (layer.kept) continue;
      const auto is_changed = [&](const std::string& unit) { return changed_.contains(unit); };
      if (input.previous.empty()) {
        EXPECT_EQ(layer.reason, LayerReason::first);
      } else if (layer.reason == LayerReason::fresh) {
        EXPECT_TRUE(std::ranges::all_of(layer.units, is_changed)) << "a new layer has what was there: " << fmt::format("{}", layer.units);
        if (layer.units.size() > 1) ++new_together;
      } else if (layer.reason == LayerReason::merge) {
        EXPECT_EQ(planned.size(), budget_) << "a merge without need";
      } else if (layer.reason == LayerReason::dead_cap) {
        EXPECT_TRUE(cap_ == 0 || std::ranges::none_of(layer.units, is_changed));
      }
    }
    const auto nothing_kept = std::ranges::none_of(planned, [](const auto& layer) { return layer.kept.has_value(); });
    if (!nothing_kept) {
      EXPECT_LE(new_together, 1U);
    }
    // One unit changed: a layer of that unit alone, unless the limits wanted more, and then they say so.
    if (changed_.size() == 1 && !nothing_kept && !input.previous.empty()) {
      for (const auto& layer : planned) {
        if (!layer.kept && std::ranges::binary_search(layer.units, *changed_.begin())) {
          EXPECT_TRUE(layer.reason == LayerReason::merge || layer.reason == LayerReason::dead_cap || layer.units.size() == 1);
        }
      }
    }
  }

  void check_nothing_to_do()
  {
    PlanInput input{.units = {}, .previous = {}, .budget_layers = budget_, .dead_cap = cap_};
    for (const auto& [name, version] : units_) input.units.push_back({name, version.bytes, false});
    for (const auto& layer : layers_) {
      auto& planned = input.previous.emplace_back();
      for (const auto& fragment : layer.fragments) planned.fragments.push_back({fragment.unit, fragment.version.bytes, fragment.live});
    }
    const auto planned = plan(input);
    ASSERT_EQ(planned.size(), layers_.size());
    for (std::size_t i = 0; i < planned.size(); ++i) EXPECT_EQ(planned[i].kept, i) << "nothing changed, and yet a layer is not kept";
  }

  // What becomes of it.

  void take(const std::vector<PlannedLayer>& planned)
  {
    std::vector<Layer> layers;
    std::set<std::string> dead_roots;
    removed_.clear();
    for (const auto& one : planned) {
      auto& layer = layers.emplace_back();
      if (!one.kept) continue;
      layer = layers_[*one.kept];
      for (auto& fragment : layer.fragments) {
        fragment.live = lives(fragment);
        if (fragment.live) continue;
        for (const auto& root : fragment.version.roots) dead_roots.insert(root.path);
        current_.hide(fragment.version.roots, removed_);
      }
    }
    for (std::size_t i = 0; i < planned.size(); ++i) {
      if (planned[i].kept) continue;
      for (const auto& name : planned[i].units) {
        layers[i].fragments.push_back({name, units_.at(name), true});
        for (const auto& root : units_.at(name).roots)
          if (root.is_directory && dead_roots.contains(root.path)) layers[i].opaque.push_back(root.path);
      }
    }
    layers_ = std::move(layers);
  }

  void check_shown() const
  {
    Shown shown;
    for (const auto& layer : layers_) {
      for (const auto& path : layer.opaque) erase_below(shown, path);
      for (const auto& fragment : layer.fragments) show(shown, fragment.unit, fragment.version);
    }
    for (const auto& path : removed_) {
      erase_below(shown, path);
      shown.erase(path);
    }
    Shown expected;
    for (const auto& [name, version] : units_) show(expected, name, version);
    EXPECT_EQ(shown, expected) << "something dead is seen, or something live is not";
  }

  std::mt19937_64 random_;
  std::uint64_t budget_ = 1;
  double cap_ = 0;
  int built_ = 0;
  std::map<std::string, Version> units_;
  std::set<std::string> changed_;
  std::set<std::string> purge_;
  CurrentPaths current_;
  std::vector<Layer> layers_;
  std::set<std::string> removed_;  ///< whiteouts of the index layer
};

TEST(PlanProperties, hold_over_thousands_of_histories)
{
  for (std::uint64_t seed = 1; seed <= 3000; ++seed) {
    History history(seed);
    for (int release = 0; release < 6; ++release) {
      history.release();
      ASSERT_FALSE(HasFailure()) << "seed " << seed << ", release " << release;
    }
  }
}

}  // namespace
}  // namespace cairn::library
