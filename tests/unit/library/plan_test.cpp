// SPDX-License-Identifier: Apache-2.0
#include <cairn/library/plan.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>

#include <ostream>

namespace cairn::library {

bool operator==(const PlannedLayer& a, const PlannedLayer& b)
{
  return a.kept == b.kept && a.units == b.units && (a.kept || a.reason == b.reason);
}
void PrintTo(const PlannedLayer& layer, std::ostream* out)
{
  *out << (layer.kept ? fmt::format("kept {}", *layer.kept) : fmt::format("{}:", name(layer.reason)))
       << fmt::format(" [{}]", fmt::join(layer.units, " "));
}

namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::uint64_t mib = std::uint64_t{1} << 20;

PlannedLayer made(LayerReason reason, std::vector<std::string> units) { return {std::nullopt, std::move(units), reason}; }
PlannedLayer first(std::vector<std::string> units) { return made(LayerReason::first, std::move(units)); }
PlannedLayer fresh(std::vector<std::string> units) { return made(LayerReason::fresh, std::move(units)); }
PlannedLayer kept(std::size_t index, std::vector<std::string> units) { return {index, std::move(units), LayerReason::first}; }
PlanUnit same(const std::string& name, std::uint64_t bytes) { return {name, bytes, false}; }
PlanUnit changed(const std::string& name, std::uint64_t bytes) { return {name, bytes, true}; }
PlanLayer previous(std::vector<PlanFragment> fragments) { return {std::move(fragments), false}; }

TEST(FirstPlan, of_nothing_is_empty) { EXPECT_THAT(plan({.units = {}, .previous = {}, .budget_layers = 5}), IsEmpty()); }

TEST(FirstPlan, gives_large_units_a_layer_each_and_puts_small_ones_together_by_name)
{
  EXPECT_THAT(plan({.units = {changed("a", mib), changed("b", 900 * mib), changed("c", mib), changed("d", 800 * mib)},
                    .previous = {},
                    .budget_layers = 10}),
              ElementsAre(first({"b"}), first({"d"}), first({"a", "c"})));
}

TEST(FirstPlan, has_one_layer_when_that_is_the_budget)
{
  EXPECT_THAT(plan({.units = {changed("a", mib), changed("b", 900 * mib)}, .previous = {}, .budget_layers = 1}),
              ElementsAre(first({"a", "b"})));
}

TEST(FirstPlan, leaves_room_for_releases)
{
  std::vector<PlanUnit> units;
  for (int i = 0; i < 500; ++i) units.push_back(changed(fmt::format("u{:03}", i), 20 * mib));
  EXPECT_LE(plan({.units = units, .previous = {}, .budget_layers = 63}).size(), 40U);
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
              ElementsAre(kept(1, {"c"}), made(LayerReason::dead_cap, {"a"})));
}

TEST(NextPlan, merges_the_smallest_over_budget)
{
  EXPECT_THAT(plan({.units = {same("a", 100), same("b", 2), same("c", 50), changed("d", 1)},
                    .previous = {previous({{"a", 100}}), previous({{"b", 2}}), previous({{"c", 50}})},
                    .budget_layers = 3}),
              ElementsAre(kept(0, {"a"}), kept(2, {"c"}), made(LayerReason::merge, {"b", "d"})));
}

TEST(NextPlan, fits_a_smaller_budget)
{
  EXPECT_THAT(plan({.units = {same("a", 3), same("b", 2), same("c", 1)},
                    .previous = {previous({{"a", 3}}), previous({{"b", 2}}), previous({{"c", 1}})},
                    .budget_layers = 1}),
              ElementsAre(made(LayerReason::merge, {"a", "b", "c"})));
}

TEST(NextPlan, writes_again_what_must_not_be_kept)
{
  PlanInput input{.units = {same("a", 1), same("b", 1)}, .previous = {previous({{"a", 1}}), previous({{"b", 1}})}, .budget_layers = 5};
  input.previous[0].rewrite = true;
  EXPECT_THAT(plan(input), ElementsAre(kept(1, {"b"}), made(LayerReason::rewrite, {"a"})));
}

TEST(NextPlan, does_not_wake_the_dead)
{
  // `a` is again what it was two releases ago: the live one counts, not the dead one below.
  EXPECT_THAT(plan({.units = {same("a", 1), same("b", 100)},
                    .previous = {previous({{"a", 1, false}, {"b", 100}}), previous({{"a", 1}})},
                    .budget_layers = 5}),
              ElementsAre(kept(0, {"b"}), kept(1, {"a"})));
}

TEST(NextPlan, puts_together_what_is_sent_anyway_before_it_touches_a_kept_layer)
{
  EXPECT_THAT(
      plan({.units = {same("a", 100), changed("b", 300), changed("c", 1)}, .previous = {previous({{"a", 100}})}, .budget_layers = 2}),
      ElementsAre(kept(0, {"a"}), made(LayerReason::merge, {"b", "c"})));
}

TEST(NextPlan, has_no_dead_bytes_when_none_are_allowed)
{
  EXPECT_THAT(plan({.units = {same("a", 100), changed("b", 5), same("c", 1000)},
                    .previous = {previous({{"a", 100}, {"b", 5}}), previous({{"c", 1000}})},
                    .budget_layers = 5,
                    .dead_cap = 0}),
              ElementsAre(kept(1, {"c"}), made(LayerReason::dead_cap, {"a", "b"})));
}

TEST(NextPlan, is_a_first_plan_when_nothing_can_be_kept)
{
  EXPECT_THAT(plan({.units = {same("a", 900 * mib), same("b", 1)},
                    .previous = {previous({{"a", 900 * mib}, {"b", 1}, {"leak", 1, false}})},
                    .budget_layers = 10,
                    .purge = {"leak"}}),
              ElementsAre(made(LayerReason::purge, {"a"}), made(LayerReason::purge, {"b"})));
}

TEST(NextPlan, has_the_same_layers_when_all_must_be_written_again)
{
  PlanInput input{.units = {same("a", 5), same("b", 1), same("c", 900)},
                  .previous = {previous({{"a", 5}, {"b", 1}}), previous({{"c", 900}})},
                  .budget_layers = 10};
  for (auto& layer : input.previous) layer.rewrite = true;
  EXPECT_THAT(plan(input), ElementsAre(made(LayerReason::rewrite, {"a", "b"}), made(LayerReason::rewrite, {"c"})));
}

TEST(NextPlan, writes_layers_again_that_have_dead_bytes_of_a_purged_unit)
{
  EXPECT_THAT(plan({.units = {same("a", 100), same("b", 100)},
                    .previous = {previous({{"a", 100}, {"leak", 1, false}}), previous({{"b", 100}})},
                    .budget_layers = 5,
                    .purge = {"leak"}}),
              ElementsAre(kept(1, {"b"}), made(LayerReason::purge, {"a"})));
}

TEST(NextPlan, writes_layers_again_that_have_live_bytes_of_a_purged_unit)
{
  EXPECT_THAT(plan({.units = {same("a", 100), changed("b", 50), same("c", 7)},
                    .previous = {previous({{"a", 100}}), previous({{"b", 40}, {"c", 7}})},
                    .budget_layers = 5,
                    .purge = {"b"}}),
              ElementsAre(kept(0, {"a"}), fresh({"b"}), made(LayerReason::purge, {"c"})));
}

}  // namespace
}  // namespace cairn::library
