// SPDX-License-Identifier: Apache-2.0
#include <cairn/os/parallel.hpp>
#include <cairn/os/queue.hpp>

#include <gmock/gmock.h>

#include <atomic>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

namespace cairn {
namespace {

TEST(ParallelFor, calls_each_index_once)
{
  for (const std::size_t threads : {1, 2, 7}) {
    std::vector<std::atomic<int>> calls(1000);
    parallel_for(calls.size(), threads, [&](std::size_t i) { ++calls[i]; });
    for (const auto& count : calls) EXPECT_EQ(count, 1);
  }
  parallel_for(0, 4, [](std::size_t) { FAIL(); });
}

TEST(ParallelFor, rethrows_after_all_ended)
{
  std::atomic<int> running{0};
  EXPECT_THROW(parallel_for(100, 4,
                            [&](std::size_t i) {
                              ++running;
                              const std::unique_ptr<std::atomic<int>, void (*)(std::atomic<int>*)> leave(&running,
                                                                                                         [](std::atomic<int>* n) { --*n; });
                              if (i == 5) throw std::runtime_error("five");
                            }),
               std::runtime_error);
  EXPECT_EQ(running, 0);
}

TEST(ThreadCount, is_what_was_asked_for_or_at_least_one)
{
  EXPECT_EQ(thread_count(3), 3u);
  EXPECT_GE(thread_count(0), 1u);
}

TEST(Queue, hands_items_over_in_order_and_ends_when_closed)
{
  Queue<int> queue(2);
  std::jthread producer([&] {
    for (int i = 0; i < 100; ++i) EXPECT_TRUE(queue.push(i));
    queue.close();
  });
  for (int i = 0; i < 100; ++i) EXPECT_EQ(queue.pop(), i);
  EXPECT_EQ(queue.pop(), std::nullopt);
  EXPECT_FALSE(queue.push(1));
}

TEST(Queue, releases_a_waiting_producer_when_closed)
{
  Queue<int> queue(1);
  ASSERT_TRUE(queue.push(1));
  std::atomic<bool> taken{true};
  std::jthread producer([&] { taken = queue.push(2); });
  queue.close();
  producer.join();
  EXPECT_FALSE(taken);
  EXPECT_EQ(queue.pop(), 1);
}

}  // namespace
}  // namespace cairn
