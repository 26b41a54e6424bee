// SPDX-License-Identifier: Apache-2.0
#include <cairn/io/sha256_pair.hpp>

#include <cairn/io/hash.hpp>

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace cairn {
namespace {

std::vector<std::byte> noise(std::size_t size)
{
  std::mt19937 random(7);  // NOLINT(cert-msc51-cpp): the same bytes each time
  std::vector<std::byte> bytes(size);
  for (auto& byte : bytes) byte = static_cast<std::byte>(random());
  return bytes;
}

/// Both ways to compute: the processor's instructions (where it has them) and OpenSSL.
class Sha256PairTest : public testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(Engines, Sha256PairTest, testing::Bool());

TEST_P(Sha256PairTest, digests_of_every_length_around_a_block)
{
  const auto bytes = noise(300);
  Sha256Pair pair(GetParam());
  for (std::size_t size = 0; size <= bytes.size(); ++size) {
    const auto part = std::span(bytes).first(size);
    pair.update_both(part);
    EXPECT_EQ(pair.finish_outer(), sha256(part)) << size;
    EXPECT_EQ(pair.finish_inner(), sha256(part)) << size;
  }
}

TEST_P(Sha256PairTest, any_cut_gives_the_same_digests)
{
  const auto bytes = noise(20'000);
  std::mt19937 random(11);  // NOLINT(cert-msc51-cpp): the same cuts each time
  for (int round = 0; round < 500; ++round) {
    Sha256Pair pair(GetParam());
    Sha256 outer, inner;
    for (auto rest = std::span(bytes); !rest.empty();) {
      // Multiples of a block most of the time, as tar gives them.
      auto size = std::min<std::size_t>(rest.size(), random() % 4 == 0 ? random() % 200 : 64 * (random() % 40));
      const auto part = rest.first(size);
      rest = rest.subspan(size);
      const auto way = random() % 4;
      if (way != 1) outer.update(part);
      if (way != 0) inner.update(part);
      if (way == 0) pair.update_outer(part);
      else if (way == 1) pair.update_inner(part);
      else pair.update_both(part);
      if (random() % 8 == 0) {
        ASSERT_EQ(pair.finish_inner(), inner.finish());
      }
    }
    ASSERT_EQ(pair.finish_outer(), outer.finish());
    ASSERT_EQ(pair.finish_inner(), inner.finish());
  }
}

TEST_P(Sha256PairTest, both_start_anew_after_finish)
{
  Sha256Pair pair(GetParam());
  const auto bytes = noise(1000);
  pair.update_outer(std::span(bytes).first(37));
  static_cast<void>(pair.finish_outer());
  pair.update_both(bytes);
  EXPECT_EQ(pair.finish_outer(), sha256(bytes));
  EXPECT_EQ(pair.finish_inner(), sha256(bytes));
  EXPECT_EQ(pair.finish_inner(), sha256(std::string_view{}));
}

}  // namespace
}  // namespace cairn
