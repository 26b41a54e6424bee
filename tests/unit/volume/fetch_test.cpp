// SPDX-License-Identifier: Apache-2.0
#include <cairn/volume/fetch.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace cairn::volume {
namespace {

/// A layer of `skeleton` bytes and then fragments of these sizes, of units `u0`, `u1`, ….
library::LayerInfo layer(std::uint64_t skeleton, const std::vector<std::uint64_t>& sizes, std::size_t first_unit = 0)
{
  library::LayerInfo info;
  auto offset = skeleton;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    library::FragmentInfo fragment;
    fragment.unit = "u" + std::to_string(first_unit + i);
    fragment.packed_bytes = sizes[i];
    fragment.offset = offset;
    info.fragments.push_back(std::move(fragment));
    offset += sizes[i];
  }
  info.size_bytes = offset + 20;
  return info;
}

library::Document document(std::vector<library::LayerInfo> layers)
{
  library::Document result;
  result.layers = std::move(layers);
  return result;
}

TEST(Fetch, takes_a_small_layer_whole_when_all_of_it_is_wanted)
{
  const auto fetches = plan_fetches(document({layer(100, {5000, 5000})}), {"u0", "u1"});
  ASSERT_EQ(fetches.size(), 1u);
  EXPECT_TRUE(fetches[0].whole_layer);
  EXPECT_EQ(fetches[0].offset, 0u);
  EXPECT_EQ(fetches[0].size_bytes, 10120u);
  EXPECT_EQ(fetches[0].fragments, (std::vector<std::size_t>{0, 1}));
}

TEST(Fetch, asks_for_one_fragment_alone)
{
  const auto fetches = plan_fetches(document({layer(100, {5'000'000, 7000, 5'000'000})}), {"u1"});
  ASSERT_EQ(fetches.size(), 1u);
  EXPECT_FALSE(fetches[0].whole_layer);
  EXPECT_EQ(fetches[0].offset, 5'000'100u);
  EXPECT_EQ(fetches[0].size_bytes, 7000u);
}

TEST(Fetch, joins_neighbours_over_small_gaps_only)
{
  const auto fetches = plan_fetches(document({layer(0, {1'000'000, 1000, 1'000'000, 9'000'000, 1'000'000})}), {"u0", "u2", "u4"});
  ASSERT_EQ(fetches.size(), 2u);
  EXPECT_EQ(fetches[0].fragments, (std::vector<std::size_t>{0, 2}));
  EXPECT_EQ(fetches[0].size_bytes, 2'001'000u);
  EXPECT_EQ(fetches[1].fragments, (std::vector<std::size_t>{4}));
}

TEST(Fetch, cuts_a_large_layer_into_pieces_and_gives_the_largest_first)
{
  const std::uint64_t mib = 1 << 20;
  const auto fetches = plan_fetches(document({layer(100, {20 * mib, 20 * mib, 5 * mib, 50 * mib})}), {"u0", "u1", "u2", "u3"});
  ASSERT_EQ(fetches.size(), 2u);
  EXPECT_EQ(fetches[0].fragments, (std::vector<std::size_t>{2, 3}));
  EXPECT_EQ(fetches[1].fragments, (std::vector<std::size_t>{0, 1}));
}

TEST(Fetch, leaves_dead_fragments_and_unwanted_layers_alone)
{
  auto dead = layer(0, {5'000'000, 5'000'000});
  dead.fragments[0].live = false;
  const auto fetches = plan_fetches(document({dead, layer(0, {9'000'000}, 2)}), {"u0", "u1"});
  ASSERT_EQ(fetches.size(), 1u);
  EXPECT_EQ(fetches[0].offset, 5'000'000u);
}

}  // namespace
}  // namespace cairn::volume
