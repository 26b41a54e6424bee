// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstddef>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace cairn::build {

/// Work that goes on in the background, on several threads, while its maker does something else and waits for one piece after another.
/// The destructor waits for what was begun; nothing more is begun then. `wait_for` is for one thread.
class SideBySide {
public:
  /// Begin `body(i)` for each i below `count`, on up to `threads` threads.
  SideBySide(std::size_t count, std::size_t threads, std::function<void(std::size_t)> body);
  ~SideBySide();
  SideBySide(const SideBySide&) = delete;
  SideBySide& operator=(const SideBySide&) = delete;

  /// Until `body(i)` is over. Throws what it threw, or what another one threw so that this one was never begun.
  void wait_for(std::size_t i);

private:
  void work();

  std::function<void(std::size_t)> body_;
  std::mutex mutex_;  ///< of all below
  std::condition_variable changed_;
  std::size_t next_ = 0;
  std::vector<bool> is_done_;
  std::vector<std::exception_ptr> problems_;
  std::exception_ptr first_problem_;
  bool is_stopped_ = false;
  std::vector<std::jthread> threads_;
};

}  // namespace cairn::build
