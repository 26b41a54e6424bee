// SPDX-License-Identifier: Apache-2.0
#include <cairn/http/clock.hpp>

#include <condition_variable>
#include <mutex>
#include <random>

namespace cairn::http {

std::chrono::steady_clock::time_point Clock::now() const { return std::chrono::steady_clock::now(); }

std::chrono::system_clock::time_point Clock::wall() const { return std::chrono::system_clock::now(); }

void Clock::sleep(std::chrono::milliseconds time, const Task& task) const
{
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  never.wait_for(lock, task.stop(), time, [] { return false; });
  task.check();
}

double Clock::chance() const
{
  thread_local std::minstd_rand random{std::random_device{}()};
  return std::uniform_real_distribution<double>(0, 1)(random);
}

}  // namespace cairn::http
