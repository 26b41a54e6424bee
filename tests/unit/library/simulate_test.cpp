// SPDX-License-Identifier: Apache-2.0
#include <cairn/library/simulate.hpp>

#include <cairn/base/error.hpp>
#include <support/error_matcher.hpp>

#include <gmock/gmock.h>

#include <algorithm>

namespace cairn::library {
namespace {

using test::ThrowsError;
using testing::ElementsAre;
using testing::Pair;

constexpr std::uint64_t mib = std::uint64_t{1} << 20;

TEST(MakeHistory, has_the_units_that_the_model_says)
{
  const auto history =
      make_history({.units = 3, .mean_bytes = 1'024'000, .spread = 0, .added = 1, .changed = 0, .removed = 0, .seed = 7}, 2);
  EXPECT_THAT(history.first, ElementsAre(Pair("unit000001", 1'024'000), Pair("unit000002", 1'024'000), Pair("unit000003", 1'024'000)));
  EXPECT_THAT(history.releases, ElementsAre(ElementsAre(Pair("unit000004", 1'024'000)), ElementsAre(Pair("unit000005", 1'024'000))));
}

TEST(MakeHistory, changes_as_much_as_the_model_says)
{
  const auto history = make_history({.units = 1000, .added = 0, .changed = 0.02, .removed = 0.01}, 10);
  const auto& release = history.releases.front();
  const auto removed = std::ranges::count_if(release, [](const auto& unit) { return !unit.second; });
  EXPECT_EQ(removed, 10);
  EXPECT_NEAR(static_cast<double>(release.size()) - static_cast<double>(removed), 20, 3) << "a unit may be drawn twice";
}

TEST(MakeHistory, ends_with_no_units_when_all_go)
{
  const auto history = make_history({.units = 5, .added = 0, .changed = 1, .removed = 1}, 3);
  EXPECT_EQ(history.releases[0].size(), 5U);
  EXPECT_TRUE(history.releases[2].empty());
}

TEST(Simulate, counts_what_a_client_of_the_release_before_fetches)
{
  const ChangeHistory history{.first = {{"a", 100 * mib}, {"b", 60 * mib}},
                              .releases = {{{"b", 61 * mib}, {"c", mib}}, {}, {{"a", std::nullopt}}}};
  const auto simulation = simulate(history, {.budget_layers = 10, .dead_cap = 1, .index_bytes = 1000}, {});
  ASSERT_EQ(simulation.releases.size(), 4U);
  EXPECT_EQ(simulation.releases[0].fetched_bytes, 160 * mib + 2000);
  EXPECT_EQ(simulation.releases[1].new_bytes, 62 * mib);
  EXPECT_EQ(simulation.releases[1].fetched_bytes, 62 * mib + 3000);
  EXPECT_THAT(simulation.releases[1].made, ElementsAre(Pair(LayerReason::fresh, 2)));
  EXPECT_EQ(simulation.releases[2].fetched_bytes, 3000U);
  EXPECT_EQ(simulation.releases[3].units, 2U);
  EXPECT_EQ(simulation.releases[3].live_bytes, 62 * mib);
  EXPECT_EQ(simulation.new_bytes, 62 * mib);
  EXPECT_EQ(simulation.fetched_bytes, 62 * mib + 8000);
}

TEST(Simulate, refuses_to_remove_what_is_not_there)
{
  EXPECT_THAT([] { (void)simulate({.first = {{"a", 1}}, .releases = {{}, {{"b", std::nullopt}}}}, {.budget_layers = 2}, {}); },
              ThrowsError(Errc::bad_input, "release 2: removes 'b'"));
}

TEST(Simulate, has_no_amplification_when_nothing_is_new)
{
  EXPECT_EQ(simulate({.first = {{"a", 1}}, .releases = {{}}}, {.budget_layers = 2}, {}).amplification(), std::nullopt);
}

/// The figures that docs/small-updates.md promises, for seeds that the bench does not use.
TEST(Simulate, keeps_updates_small)
{
  struct Case {
    double churn;
    std::uint64_t releases;
    std::uint64_t layers;
    double most;
  };
  for (const auto& [churn, releases, layers, most] :
       {Case{0.004, 30, 100, 1.10}, Case{0.004, 30, 64, 1.20}, Case{0.004, 30, 32, 2.2}, Case{0.02, 30, 100, 1.8}, Case{0, 30, 100, 1.02}})
    for (std::uint64_t seed = 101; seed <= 103; ++seed) {
      const auto simulation =
          simulate(make_history({.changed = churn, .removed = churn, .seed = seed}, releases), {.budget_layers = layers}, {});
      EXPECT_LE(simulation.amplification(), most) << churn << ' ' << layers << ' ' << seed;
      for (const auto& release : simulation.releases) {
        EXPECT_LE(release.layers, layers);
        EXPECT_LE(static_cast<double>(release.dead_bytes), static_cast<double>(release.live_bytes) * default_dead_cap);
      }
    }
}

}  // namespace
}  // namespace cairn::library
