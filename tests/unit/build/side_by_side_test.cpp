// SPDX-License-Identifier: Apache-2.0
#include <cairn/build/side_by_side.hpp>

#include <gmock/gmock.h>

#include <atomic>
#include <latch>
#include <stdexcept>

namespace cairn::build {
namespace {

TEST(SideBySide, runs_all_at_once_and_waits_for_each)
{
  std::latch all(3);
  std::vector<int> made(3);
  SideBySide makers(3, 3, [&](std::size_t i) {
    all.arrive_and_wait();  // for ever, were they one after another
    made[i] = static_cast<int>(i) + 1;
  });
  for (std::size_t i = 3; i-- > 0;) {
    makers.wait_for(i);
    EXPECT_EQ(made[i], static_cast<int>(i) + 1);
  }
}

TEST(SideBySide, throws_what_the_work_threw)
{
  SideBySide makers(2, 1, [](std::size_t i) {
    if (i == 1) throw std::runtime_error("two");
  });
  EXPECT_NO_THROW(makers.wait_for(0));
  EXPECT_THROW(makers.wait_for(1), std::runtime_error);
}

TEST(SideBySide, what_was_not_begun_fails_with_the_problem_that_stopped_it)
{
  std::atomic<int> begun = 0;
  SideBySide makers(3, 1, [&](std::size_t) {
    ++begun;
    throw std::runtime_error("one");
  });
  EXPECT_THROW(makers.wait_for(2), std::runtime_error);
  EXPECT_EQ(begun, 1);
}

TEST(SideBySide, who_leaves_waits_for_what_was_begun_alone)
{
  std::atomic<int> begun = 0;
  std::atomic<int> done = 0;
  std::latch first(1);
  std::latch go(1);
  {
    SideBySide makers(100, 1, [&](std::size_t i) {
      ++begun;
      if (i == 0) {
        first.count_down();
        go.wait();
      }
      ++done;
    });
    first.wait();
    go.count_down();
  }
  EXPECT_EQ(begun, done);
}

}  // namespace
}  // namespace cairn::build
