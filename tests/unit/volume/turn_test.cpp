// SPDX-License-Identifier: Apache-2.0
#include <cairn/volume/turn.hpp>

#include <cairn/os/temp.hpp>
#include <cairn/volume/lease.hpp>
#include <cairn/volume/small_file.hpp>

#include <support/error_matcher.hpp>

#include <gtest/gtest.h>

#include <ctime>
#include <filesystem>
#include <fstream>

#include <fcntl.h>
#include <sys/stat.h>

namespace cairn::volume {
namespace {

using std::chrono::seconds;

class TurnTest : public testing::Test {
protected:
  /// A turn of a process elsewhere, touched `ago` seconds ago.
  void plant(std::uint64_t number, std::int64_t ago) const
  {
    const auto path = dir_.path() / "volume/.cairn/lock" / std::to_string(number);
    std::ofstream(path) << R"({"boot":"x","host":"elsewhere","namespace":"y","pid":1,"purpose":"populate library:7","start":1})";
    const auto then = std::time(nullptr) - ago;
    const std::array<timespec, 2> times{timespec{then, 0}, timespec{then, 0}};
    ASSERT_EQ(::utimensat(AT_FDCWD, path.c_str(), times.data(), 0), 0);
  }
  TempDir dir_;
  Layout layout_{dir_.path() / "volume", Access::write};
};

TEST_F(TurnTest, one_at_a_time)
{
  {
    const Turn first(layout_, "first", seconds(0), Task());
    EXPECT_EQ(Turn::holder(layout_)->purpose, "first");
    EXPECT_THAT([&] { Turn(layout_, "second", seconds(0), Task()); }, test::ThrowsError(Errc::busy, "first"));
  }
  EXPECT_FALSE(Turn::holder(layout_));
  const Turn second(layout_, "second", seconds(0), Task());
  EXPECT_EQ(second.number(), 2u);
}

TEST_F(TurnTest, whoever_lost_it_is_stopped)
{
  const Turn slow(layout_, "slow", seconds(0), Task());
  slow.check();
  plant(2, 0);  // somebody thought it dead
  EXPECT_THAT([&] { slow.check(); }, test::ThrowsError(Errc::busy, "took over"));
}

TEST_F(TurnTest, a_stranger_s_turn_is_respected_until_it_is_stale)
{
  plant(7, 60);
  EXPECT_THAT([&] { Turn(layout_, "mine", seconds(0), Task()); },
              test::ThrowsError(Errc::busy, "process 1 on 'elsewhere' ('populate library:7')"));
  plant(7, 130);
  EXPECT_EQ(Turn(layout_, "mine", seconds(0), Task()).number(), 8u);
}

TEST_F(TurnTest, a_time_in_the_future_is_no_reason_to_take_over)
{
  plant(7, -3600);
  EXPECT_THAT([&] { Turn(layout_, "mine", seconds(0), Task()); }, test::ThrowsError(Errc::busy, "elsewhere"));
}

TEST_F(TurnTest, a_name_without_content_counts_by_its_age)
{
  plant(7, 10);
  std::filesystem::resize_file(dir_.path() / "volume/.cairn/lock/7", 0);
  EXPECT_THAT([&] { Turn(layout_, "mine", seconds(0), Task()); }, test::ThrowsError(Errc::busy, "another process"));
}

TEST_F(TurnTest, waiting_ends_with_a_stop)
{
  plant(7, 0);
  std::stop_source stop;
  stop.request_stop();
  class Silent final : public Reporter {
    void begin(std::uint64_t, const std::string&, std::uint64_t) noexcept override {}
    void advance(std::uint64_t, std::uint64_t) noexcept override {}
    void end(std::uint64_t) noexcept override {}
  } silent;
  const Task task(silent, stop.get_token(), "wait", 0);
  EXPECT_THROW(Turn(layout_, "mine", std::nullopt, task), Cancelled);
}

TEST_F(TurnTest, no_lease_without_a_generation)
{
  EXPECT_THAT([&] { Lease(layout_, "job"); }, test::ThrowsError(Errc::not_found, "no generation"));
}

TEST_F(TurnTest, a_lease_is_seen_while_it_lives)
{
  replace_link(layout_.cairn(), "current", "generations/0123456789abcdef", "current");
  {
    const Lease lease(layout_, "job");
    ASSERT_EQ(leases(layout_).size(), 1u);
    EXPECT_EQ(leases(layout_)[0].generation, "0123456789abcdef");
    EXPECT_FALSE(leases(layout_)[0].stale);
  }
  EXPECT_TRUE(leases(layout_).empty());
}

}  // namespace
}  // namespace cairn::volume
