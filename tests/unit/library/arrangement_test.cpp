// SPDX-License-Identifier: Apache-2.0
#include <cairn/library/arrangement.hpp>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <random>

namespace cairn::library {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<SizedUnit> units(const std::vector<std::uint64_t>& sizes)
{
  std::vector<SizedUnit> out;
  for (const auto size : sizes) out.push_back({fmt::format("u{}", out.size()), size});
  return out;
}

std::vector<std::uint64_t> sizes(const std::vector<SizedUnit>& run)
{
  std::vector<std::uint64_t> out;
  for (const auto& unit : run) out.push_back(unit.bytes);
  return out;
}

/// Bytes that a change of each unit in turn would write again.
double cost(const std::vector<std::vector<SizedUnit>>& runs)
{
  double out = 0;
  for (const auto& run : runs) out += static_cast<double>(run.size()) * static_cast<double>(total_bytes(run));
  return out;
}

double least_cost(const std::vector<SizedUnit>& sorted, std::size_t begin, std::size_t runs)
{
  if (runs == 1) return cost({{sorted.begin() + static_cast<std::ptrdiff_t>(begin), sorted.end()}});
  auto best = std::numeric_limits<double>::infinity();
  for (auto end = begin + 1; end + runs - 1 <= sorted.size(); ++end)
    best = std::min(best, cost({{sorted.begin() + static_cast<std::ptrdiff_t>(begin), sorted.begin() + static_cast<std::ptrdiff_t>(end)}}) +
                              least_cost(sorted, end, runs - 1));
  return best;
}

TEST(EvenRuns, keep_order_and_are_about_as_large)
{
  const auto runs = even_runs(units({1, 1, 1, 1, 4, 4}), 3);
  ASSERT_EQ(runs.size(), 3U);
  EXPECT_THAT(sizes(runs[0]), ElementsAre(1, 1, 1, 1));
  EXPECT_THAT(sizes(runs[1]), ElementsAre(4));
  EXPECT_THAT(sizes(runs[2]), ElementsAre(4));
}

TEST(EvenRuns, of_nothing_are_none) { EXPECT_THAT(even_runs({}, 3), IsEmpty()); }

TEST(CheapestRuns, of_nothing_are_none) { EXPECT_THAT(cheapest_runs({}, 3), IsEmpty()); }

TEST(CheapestRuns, are_no_more_than_there_are_units) { EXPECT_EQ(cheapest_runs(units({1, 2}), 5).size(), 2U); }

TEST(CheapestRuns, keep_large_units_away_from_small_ones)
{
  const auto runs = cheapest_runs(units({1, 100, 1, 90, 2}), 3);
  ASSERT_EQ(runs.size(), 3U);
  EXPECT_THAT(sizes(runs[0]), ElementsAre(100));
  EXPECT_THAT(sizes(runs[1]), ElementsAre(90));
  EXPECT_THAT(sizes(runs[2]), ElementsAre(2, 1, 1));
}

TEST(CheapestRuns, cost_what_the_best_of_all_cuts_costs)
{
  std::mt19937_64 random(1);
  for (int round = 0; round < 300; ++round) {
    std::vector<std::uint64_t> some(1 + random() % 9);
    for (auto& size : some) size = random() % 3 == 0 ? random() % 10 : random() % 1000;
    auto sorted = units(some);
    sort_by_size(sorted);
    const auto count = 1 + random() % some.size();
    const auto runs = cheapest_runs(units(some), count);
    EXPECT_EQ(runs.size(), count);
    EXPECT_DOUBLE_EQ(cost(runs), least_cost(sorted, 0, count));
  }
}

}  // namespace
}  // namespace cairn::library
