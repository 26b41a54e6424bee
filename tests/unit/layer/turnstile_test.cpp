// SPDX-License-Identifier: Apache-2.0
#include <cairn/layer/turnstile.hpp>

#include <gmock/gmock.h>

#include <numeric>
#include <thread>
#include <vector>

namespace cairn::layer {
namespace {

TEST(Turnstile, lets_all_through_in_order)
{
  constexpr std::uint64_t count = 400;
  Turnstile turnstile;
  std::vector<std::uint64_t> passed;  // touched inside the turnstile alone
  {
    std::vector<std::jthread> threads;
    for (std::uint64_t first = 0; first < 4; ++first)
      threads.emplace_back([&, first] {
        for (auto i = 3 - first; i < count; i += 4) {
          ASSERT_TRUE(turnstile.enter(i));
          passed.push_back(i);
          turnstile.leave();
        }
      });
  }
  std::vector<std::uint64_t> expected(count);
  std::iota(expected.begin(), expected.end(), 0U);
  EXPECT_EQ(passed, expected);
}

TEST(Turnstile, turns_away_who_waits_for_what_failed)
{
  Turnstile turnstile;
  std::vector<int> passed(8, -1);
  {
    std::vector<std::jthread> threads;
    for (std::uint64_t i = 1; i < 8; ++i)
      threads.emplace_back([&, i] {
        passed[i] = turnstile.enter(i) ? 1 : 0;
        if (passed[i] == 1) turnstile.leave();
      });
    turnstile.stop(4);
    ASSERT_TRUE(turnstile.enter(0));
    turnstile.leave();
  }
  EXPECT_THAT(passed, testing::ElementsAre(-1, 1, 1, 1, 0, 0, 0, 0)) << "what came before the failure still passes";
}

TEST(Turnstile, remembers_the_first_failure)
{
  Turnstile turnstile;
  turnstile.stop(2);
  turnstile.stop(5);
  for (std::uint64_t i = 0; i < 2; ++i) {
    ASSERT_TRUE(turnstile.enter(i));
    turnstile.leave();
  }
  EXPECT_FALSE(turnstile.enter(2));
  EXPECT_FALSE(turnstile.enter(4));
}

}  // namespace
}  // namespace cairn::layer
