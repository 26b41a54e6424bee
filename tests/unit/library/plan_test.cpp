// SPDX-License-Identifier: Apache-2.0
#include <cairn/library/plan.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

namespace cairn::library {

bool operator==(const PlannedLayer& a, const PlannedLayer& b) { return a.kept == b.kept && a.units == b.units; }
void PrintTo(const PlannedLayer& layer, std::ostream* out)
{
  *out << (layer.kept ? fmt::format("kept {}", *layer.kept) : "new") << fmt::format(" [{}]", fmt::join(layer.units, " "));
}

namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::uint64_t mib = std::uint64_t{1} << 20;

PlannedLayer fresh(std::vector<std::string> units) { return {std::nullopt, std::move(units)}; }
PlannedLayer kept(std::size_t index, std::vector<std::string> units) { return {index, std::move(units)}; }
PlanUnit same(const std::string& name, std::uint64_t bytes) { return {name, bytes, false}; }
PlanUnit changed(const std::string& name, std::uint64_t bytes) { return {name, bytes, true}; }
PlanLayer previous(std::vector<PlanFragment> fragments) { return {std::move(fragments), false}; }

TEST(FirstPlan, of_nothing_is_empty) { EXPECT_THAT(plan({.units = {}, .previous = {}, .budget_layers = 5}), IsEmpty()); }

TEST(FirstPlan, gives_large_units_a_layer_each_and_puts_small_ones_together_by_name)
{
  EXPECT_THAT(plan({.units = {changed("a", mib), changed("b", 900 * mib), changed("c", mib), changed("d", 800 * mib)},
                    .previous = {},
                    .budget_layers = 10}),
              ElementsAre(fresh({"b"}), fresh({"d"}), fresh({"a", "c"})));
}

TEST(FirstPlan, has_one_layer_when_that_is_the_budget)
{
  EXPECT_THAT(plan({.units = {changed("a", mib), changed("b", 900 * mib)}, .previous = {}, .budget_layers = 1}),
              ElementsAre(fresh({"a", "b"})));
}

TEST(FirstPlan, leaves_room_for_releases)
{
  std::vector<PlanUnit> units;
  for (int i = 0; i < 500; ++i) units.push_back(changed(fmt::format("u{:03}", i), 20 * mib));
  EXPECT_LE(plan({.units = units, .previous = {}, .budget_layers = 63}).size(), 33U);
}

TEST(NextPlan, keeps_all_when_nothing_changed)
{
  EXPECT_THAT(plan({.units = {same("a", 1), same("b", 2)}, .previous = {previous({{"a", 1}}), previous({{"b", 2}})}, .budget_layers = 2}),
              ElementsAre(kept(0, {"a"}), kept(1, {"b"})));
}

TEST(NextPlan, puts_what_is_new_on_top)
{
  EXPECT_THAT(plan({.units = {same("a", 100), changed("b", 1), changed("c", 1)}, .previous = {previous({{"a", 100}})}, .budget_layers = 5}),
              ElementsAre(kept(0, {"a"}), fresh({"b", "c"})));
}

TEST(NextPlan, puts_large_new_units_alone)
{
  EXPECT_THAT(
      plan({.units = {same("a", 100), changed("b", 300), changed("c", 1)}, .previous = {previous({{"a", 100}})}, .budget_layers = 5}),
      ElementsAre(kept(0, {"a"}), fresh({"b"}), fresh({"c"})));
}

TEST(NextPlan, lets_the_old_bytes_of_a_changed_unit_lie)
{
  EXPECT_THAT(plan({.units = {same("a", 100), changed("b", 5)}, .previous = {previous({{"a", 100}, {"b", 5}})}, .budget_layers = 5}),
              ElementsAre(kept(0, {"a"}), fresh({"b"})));
}

TEST(NextPlan, drops_a_layer_in_which_nothing_lives)
{
  EXPECT_THAT(
      plan({.units = {same("a", 100), changed("b", 50)}, .previous = {previous({{"b", 50}}), previous({{"a", 100}})}, .budget_layers = 5}),
      ElementsAre(kept(1, {"a"}), fresh({"b"})));
}

TEST(NextPlan, writes_the_worst_layer_again_over_the_cap)
{
  // 60 of 200 live bytes are dead; without layer 0's 50, 10 remain.
  EXPECT_THAT(plan({.units = {same("a", 100), same("c", 100)},
                    .previous = {previous({{"a", 100}, {"b", 50}}), previous({{"c", 100}, {"d", 10}})},
                    .budget_layers = 5}),
              ElementsAre(kept(1, {"c"}), fresh({"a"})));
}

TEST(NextPlan, merges_the_smallest_over_budget)
{
  EXPECT_THAT(plan({.units = {same("a", 100), same("b", 2), same("c", 50), changed("d", 1)},
                    .previous = {previous({{"a", 100}}), previous({{"b", 2}}), previous({{"c", 50}})},
                    .budget_layers = 3}),
              ElementsAre(kept(0, {"a"}), kept(2, {"c"}), fresh({"b", "d"})));
}

TEST(NextPlan, fits_a_smaller_budget)
{
  EXPECT_THAT(plan({.units = {same("a", 3), same("b", 2), same("c", 1)},
                    .previous = {previous({{"a", 3}}), previous({{"b", 2}}), previous({{"c", 1}})},
                    .budget_layers = 1}),
              ElementsAre(fresh({"a", "b", "c"})));
}

TEST(NextPlan, writes_again_what_must_not_be_kept)
{
  PlanInput input{.units = {same("a", 1), same("b", 1)}, .previous = {previous({{"a", 1}}), previous({{"b", 1}})}, .budget_layers = 5};
  input.previous[0].rewrite = true;
  EXPECT_THAT(plan(input), ElementsAre(kept(1, {"b"}), fresh({"a"})));
}

TEST(NextPlan, does_not_wake_the_dead)
{
  // `a` is again what it was two releases ago: the live one counts, not the dead one below.
  EXPECT_THAT(plan({.units = {same("a", 1), same("b", 100)},
                    .previous = {previous({{"a", 1, false}, {"b", 100}}), previous({{"a", 1}})},
                    .budget_layers = 5}),
              ElementsAre(kept(0, {"b"}), kept(1, {"a"})));
}

/// One library through many releases, as `split` would keep it.
class History {
public:
  explicit History(std::uint64_t seed) : random_(seed)
  {
    budget_ = number(1, 12);
    const auto count = number(0, 25);
    for (std::uint64_t i = 0; i < count; ++i) units_[fmt::format("u{}", number(0, 99))] = size();
  }

  void release()
  {
    change();
    PlanInput input{.units = {}, .previous = layers_, .budget_layers = budget_};
    for (const auto& [name, bytes] : units_) input.units.push_back({name, bytes, changed_.contains(name)});
    for (auto& layer : input.previous) layer.rewrite = number(0, 20) == 0;
    const auto planned = plan(input);
    ASSERT_EQ(planned, plan(input)) << "the same input gives another plan";
    check(input, planned);
    take(input, planned);
    if (testing::Test::HasFailure()) return;
    nothing_changes();
  }

private:
  std::uint64_t number(std::uint64_t least, std::uint64_t most) { return std::uniform_int_distribution(least, most)(random_); }
  std::uint64_t size() { return number(0, 9) == 0 ? 0 : std::uint64_t{1} << number(0, 34); }

  void change()
  {
    changed_.clear();
    for (auto& [name, bytes] : units_)
      if (number(0, 9) == 0) {
        changed_.insert(name);
        bytes = size();
      }
    std::erase_if(units_, [&](const auto&) { return number(0, 12) == 0; });
    for (auto i = number(0, 4); i > 0; --i)
      if (auto name = fmt::format("u{}", number(0, 99)); units_.try_emplace(name, size()).second) changed_.insert(name);
    if (number(0, 9) == 0) budget_ = number(1, 12);
  }

  [[nodiscard]] bool lives(const PlanFragment& fragment) const
  {
    return fragment.live && units_.contains(fragment.unit) && !changed_.contains(fragment.unit);
  }

  void check(const PlanInput& input, const std::vector<PlannedLayer>& planned) const
  {
    EXPECT_LE(planned.size(), budget_);
    std::multiset<std::string> placed;
    std::optional<std::size_t> last;
    bool has_new = false;
    std::uint64_t live = 0;
    std::uint64_t dead = 0;
    for (const auto& layer : planned) {
      EXPECT_FALSE(layer.units.empty());
      EXPECT_TRUE(std::ranges::is_sorted(layer.units));
      placed.insert(layer.units.begin(), layer.units.end());
      for (const auto& name : layer.units) live += units_.at(name);
      if (!layer.kept) {
        has_new = true;
        continue;
      }
      EXPECT_FALSE(has_new) << "a kept layer on top of a new one";
      EXPECT_TRUE(!last || *last < *layer.kept) << "kept layers out of order";
      last = layer.kept;
      const auto& before = input.previous.at(*layer.kept);
      EXPECT_FALSE(before.rewrite);
      std::vector<std::string> living;
      for (const auto& fragment : before.fragments) {
        if (lives(fragment)) living.push_back(fragment.unit);
        else dead += fragment.bytes;
      }
      std::ranges::sort(living);
      EXPECT_EQ(layer.units, living) << "a kept layer with other units than live there";
    }
    EXPECT_LE(static_cast<double>(dead), static_cast<double>(live) * 0.1 + 1);
    std::multiset<std::string> all;
    for (const auto& [name, bytes] : units_) all.insert(name);
    EXPECT_EQ(placed, all) << "each unit lies in exactly one layer";
  }

  void take(const PlanInput& input, const std::vector<PlannedLayer>& planned)
  {
    std::vector<PlanLayer> layers;
    for (const auto& layer : planned) {
      PlanLayer made;
      if (layer.kept) {
        for (auto fragment : input.previous[*layer.kept].fragments) {
          fragment.live = lives(fragment);
          made.fragments.push_back(std::move(fragment));
        }
      } else {
        for (const auto& name : layer.units) made.fragments.push_back({name, units_.at(name), true});
      }
      layers.push_back(std::move(made));
    }
    layers_ = std::move(layers);
  }

  void nothing_changes() const
  {
    PlanInput input{.units = {}, .previous = layers_, .budget_layers = budget_};
    for (const auto& [name, bytes] : units_) input.units.push_back({name, bytes, false});
    const auto planned = plan(input);
    ASSERT_EQ(planned.size(), layers_.size());
    for (std::size_t i = 0; i < planned.size(); ++i) EXPECT_EQ(planned[i].kept, i) << "nothing changed, and yet a layer is not kept";
  }

  std::mt19937_64 random_;
  std::uint64_t budget_ = 1;
  std::map<std::string, std::uint64_t> units_;
  std::set<std::string> changed_;
  std::vector<PlanLayer> layers_;
};

TEST(PlanProperties, hold_over_thousands_of_releases)
{
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    History history(seed);
    for (int release = 0; release < 12; ++release) {
      history.release();
      ASSERT_FALSE(HasFailure()) << "seed " << seed << ", release " << release;
    }
  }
}

}  // namespace
}  // namespace cairn::library
