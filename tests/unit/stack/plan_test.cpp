// SPDX-License-Identifier: Apache-2.0
#include <cairn/stack/plan.hpp>

#include <gmock/gmock.h>

#include <algorithm>

namespace cairn::stack {
namespace {

using testing::ElementsAre;

std::vector<PlanPackage> many(std::size_t count)
{
  std::vector<PlanPackage> packages;
  for (std::size_t i = 0; i < count; ++i) packages.push_back({"small-" + std::to_string(i), 1000});
  return packages;
}

const std::vector<std::string>& layer_of(const std::vector<PlanLayer>& layers, const std::string& name)
{
  return std::ranges::find_if(layers, [&](const PlanLayer& layer) { return std::ranges::count(layer.packages, name) > 0; })->packages;
}

TEST(Plan, gives_large_packages_their_own_layer_and_buckets_the_rest)
{
  auto packages = many(200);
  packages.push_back({"torch", 200 * alone_bytes});
  const auto layers = plan(packages, default_layers, {});
  EXPECT_EQ(layers.size(), 17u);
  EXPECT_THAT(layers.front().packages, ElementsAre("torch"));
}

TEST(Plan, moves_nothing_else_when_a_package_comes_or_goes)
{
  auto packages = many(100);
  const auto before = plan(packages, default_layers, {});
  packages.push_back({"another", 1000});
  auto after = plan(packages, default_layers, {});
  std::size_t changed = 0;
  for (const auto& layer : before)
    changed += std::ranges::none_of(after, [&](const PlanLayer& one) { return one.packages == layer.packages; });
  EXPECT_EQ(changed, 1u);
}

TEST(Plan, keeps_a_package_near_the_limit_where_it_was)
{
  auto packages = many(10);
  packages.push_back({"edge", alone_bytes * 3 / 4});
  EXPECT_GT(layer_of(plan(packages, 40, {}), "edge").size() + 1, 1u);
  PlanMemory alone{.alone = {"edge"}, .sharing = {}};
  EXPECT_THAT(layer_of(plan(packages, 40, alone), "edge"), ElementsAre("edge"));
  EXPECT_EQ(plan(packages, 40, alone).front().name, "edge");
  packages.back().size_bytes = alone_bytes * 3 / 2;
  EXPECT_EQ(plan(packages, 40, {}).front().name, "edge");
  EXPECT_NE(plan(packages, 40, {.alone = {}, .sharing = {"edge"}}).front().name, "edge");
}

TEST(Plan, stays_within_its_budget)
{
  std::vector<PlanPackage> packages = many(100);
  for (int i = 0; i < 100; ++i) packages.push_back({"large-" + std::to_string(i), alone_bytes * static_cast<std::uint64_t>(10 + i)});
  for (const std::size_t budget : {1u, 2u, 3u, 16u, 17u, 40u, 60u, 100u}) {
    const auto layers = plan(packages, budget, {});
    EXPECT_LE(layers.size(), budget);
    std::size_t count = 0;
    for (const auto& layer : layers) count += layer.packages.size();
    EXPECT_EQ(count, packages.size());
  }
}

}  // namespace
}  // namespace cairn::stack
