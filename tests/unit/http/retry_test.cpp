// SPDX-License-Identifier: Apache-2.0
#include <cairn/http/retry.hpp>

#include <gtest/gtest.h>

namespace cairn::http {
namespace {

using namespace std::chrono_literals;
const auto now = std::chrono::system_clock::from_time_t(784111777);  // Sun, 06 Nov 1994 08:49:37 GMT

TEST(Retry, reads_both_forms_of_retry_after)
{
  EXPECT_EQ(retry_after("5", now), 5s);
  EXPECT_EQ(retry_after("0", now), 0s);
  EXPECT_EQ(retry_after("Sun, 06 Nov 1994 08:50:07 GMT", now), 30s);
  EXPECT_EQ(retry_after("Sun, 06 Nov 1994 08:00:00 GMT", now), 0s);
  EXPECT_EQ(retry_after("soon", now), std::nullopt);
  EXPECT_EQ(retry_after("-1", now), std::nullopt);
  EXPECT_EQ(retry_after("", now), std::nullopt);
}

TEST(Retry, waits_a_random_time_that_doubles_up_to_a_bound)
{
  const RetryPolicy policy;
  EXPECT_EQ(backoff(policy, 1, 0.0), 0ms);
  EXPECT_EQ(backoff(policy, 1, 0.5), 500ms);
  EXPECT_EQ(backoff(policy, 3, 0.5), 2000ms);
  EXPECT_EQ(backoff(policy, 30, 1.0), 60'000ms);
}

}  // namespace
}  // namespace cairn::http
