// SPDX-License-Identifier: Apache-2.0
#include <cairn/build/side_by_side.hpp>

#include <algorithm>

namespace cairn::build {

SideBySide::SideBySide(std::size_t count, std::size_t threads, std::function<void(std::size_t)> body)
    : body_(std::move(body)), is_done_(count), problems_(count)
{
  for (std::size_t i = 0; i < std::min(count, threads); ++i) threads_.emplace_back([this] { work(); });
}

SideBySide::~SideBySide()
{
  {
    const std::scoped_lock lock(mutex_);
    is_stopped_ = true;
  }
  threads_.clear();  // joins them
}

void SideBySide::work()
{
  std::unique_lock lock(mutex_);
  while (!is_stopped_ && next_ < is_done_.size()) {
    const auto i = next_++;
    lock.unlock();
    std::exception_ptr problem;
    try {
      body_(i);
    } catch (...) {
      problem = std::current_exception();
    }
    lock.lock();
    is_done_[i] = true;
    problems_[i] = problem;
    if (problem && !first_problem_) first_problem_ = problem;
    is_stopped_ = is_stopped_ || problem;
    changed_.notify_all();
  }
}

void SideBySide::wait_for(std::size_t i)
{
  std::unique_lock lock(mutex_);
  // What was begun comes to its end; what was not will not, once there is a problem.
  changed_.wait(lock, [&] { return is_done_[i] || (first_problem_ && i >= next_); });
  if (problems_[i]) std::rethrow_exception(problems_[i]);
  if (!is_done_[i]) std::rethrow_exception(first_problem_);
}

}  // namespace cairn::build
