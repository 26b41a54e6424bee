// SPDX-License-Identifier: Apache-2.0
#include <cairn/os/lock.hpp>

#include <cairn/base/error.hpp>
#include <cairn/os/temp.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <thread>

namespace cairn {
namespace {

class Quiet final : public Reporter {
  void begin(std::uint64_t, const std::string&, std::uint64_t) noexcept override {}
  void advance(std::uint64_t, std::uint64_t) noexcept override {}
  void end(std::uint64_t) noexcept override {}
};

TEST(FileLock, keeps_others_waiting_until_it_is_released)
{
  const TempDir directory;
  const auto path = directory.path() / "lock";
  std::optional<FileLock> first(std::in_place, path, LockMode::exclusive, Task{});
  std::atomic<bool> got{false};
  std::atomic<bool> released{false};
  std::jthread other([&] {
    const FileLock second(path, LockMode::exclusive, Task{});
    EXPECT_TRUE(released);
    got = true;
  });
  released = true;
  first.reset();
  other.join();
  EXPECT_TRUE(got);
}

TEST(FileLock, is_shared_by_readers)
{
  const TempDir directory;
  const auto path = directory.path() / "lock";
  {
    const FileLock create(path, LockMode::exclusive, Task{});
  }
  const FileLock one(path, LockMode::shared, Task{});
  const FileLock two(path, LockMode::shared, Task{});
}

TEST(FileLock, stops_waiting_when_asked)
{
  const TempDir directory;
  const auto path = directory.path() / "lock";
  const FileLock held(path, LockMode::exclusive, Task{});
  Quiet quiet;
  std::stop_source stop;
  const Task task(quiet, stop.get_token(), "wait", 0);
  stop.request_stop();
  EXPECT_THROW(FileLock(path, LockMode::exclusive, task), Cancelled);
}

}  // namespace
}  // namespace cairn
