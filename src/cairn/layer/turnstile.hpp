// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstdint>
#include <limits>
#include <mutex>

namespace cairn::layer {

/// Lets numbered threads through in order: a stage of a pipeline that must see items 0, 1, 2, … Any thread.
class Turnstile {
public:
  /// Wait for item `index`'s turn. False: a failure at or before it means that its turn will never come.
  [[nodiscard]] bool enter(std::uint64_t index)
  {
    std::unique_lock lock(mutex_);
    moved_.wait(lock, [&] { return next_ == index || index >= stopped_; });
    return index < stopped_;
  }
  /// Item `next` is through.
  void leave()
  {
    const std::scoped_lock lock(mutex_);
    ++next_;
    moved_.notify_all();
  }
  /// Items from `index` on will not come; those before it still pass.
  void stop(std::uint64_t index)
  {
    const std::scoped_lock lock(mutex_);
    if (index < stopped_) stopped_ = index;
    moved_.notify_all();
  }

private:
  std::mutex mutex_;
  std::condition_variable moved_;
  std::uint64_t next_ = 0;
  std::uint64_t stopped_ = std::numeric_limits<std::uint64_t>::max();
};

}  // namespace cairn::layer
