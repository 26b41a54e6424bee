// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <csignal>
#include <functional>
#include <mutex>
#include <stop_token>
#include <thread>

namespace cairn::cli {

/// SIGINT and SIGTERM become a stop request; the second of them kills the program at once. Made in `main` before any
/// other thread, whose signals it blocks. A signal that was ignored when the program started (nohup) stays ignored.
class Interrupt {
public:
  Interrupt();
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  [[nodiscard]] std::stop_token token() const { return source_.get_token(); }
  /// Called once, from the waiting thread, when the stop is requested. Must not throw.
  void on_stop(std::function<void()> tell);

private:
  void wait();

  std::stop_source source_;
  sigset_t signals_{};
  std::atomic<bool> over_{false};
  std::mutex mutex_;
  std::function<void()> tell_;
  std::thread waiter_;
};

}  // namespace cairn::cli
