// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/base/task.hpp>

#include <chrono>

namespace cairn::http {

/// Time and chance, so that tests neither wait nor vary. Any thread.
class Clock {
public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual std::chrono::steady_clock::time_point now() const;
  [[nodiscard]] virtual std::chrono::system_clock::time_point wall() const;
  /// Wait; throws Cancelled as soon as `task` is stopped.
  virtual void sleep(std::chrono::milliseconds time, const Task& task) const;
  /// At least 0, below 1.
  [[nodiscard]] virtual double chance() const;
};

}  // namespace cairn::http
