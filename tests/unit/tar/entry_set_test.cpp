// SPDX-License-Identifier: Apache-2.0
#include <cairn/tar/entry_set.hpp>

#include <gtest/gtest.h>

#include <string>

namespace cairn::tar {
namespace {

TEST(EntrySet, knows_what_was_inserted)
{
  EntrySet set;
  EXPECT_FALSE(set.contains(""));
  EXPECT_TRUE(set.insert(""));
  EXPECT_FALSE(set.insert(""));
  for (int i = 0; i < 100'000; ++i) ASSERT_TRUE(set.insert("software/" + std::to_string(i)));
  for (int i = 0; i < 100'000; ++i) ASSERT_TRUE(set.contains("software/" + std::to_string(i)));
  EXPECT_FALSE(set.contains("software/100000"));
  EXPECT_EQ(set.size(), 100'001u);
  set.clear();
  EXPECT_FALSE(set.contains("software/1"));
}

}  // namespace
}  // namespace cairn::tar
