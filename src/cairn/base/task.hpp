// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>

namespace cairn {

/// Receives progress. Calls may come from any thread; implementations never throw and never block for long.
class Reporter {
public:
  virtual ~Reporter() = default;
  /// A step began; `total_bytes` is 0 where it is not known. `id` is unique within the reporter.
  virtual void begin(std::uint64_t id, const std::string& title, std::uint64_t total_bytes) noexcept = 0;
  virtual void advance(std::uint64_t id, std::uint64_t bytes) noexcept = 0;
  virtual void end(std::uint64_t id) noexcept = 0;
};

/// Progress and stop for work that can exceed a second: the last parameter of every such function. Any thread.
class Task {
public:
  /// A task nobody watches and nobody stops.
  Task() = default;
  /// `reporter` (not null) outlives the task. A step named `title` begins now and ends with the task.
  Task(Reporter& reporter, std::stop_token stop, const std::string& title, std::uint64_t total_bytes);
  ~Task();
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;

  /// A step inside this one, with a bar of its own; stops with this one.
  [[nodiscard]] Task step(const std::string& title, std::uint64_t total_bytes = 0) const;

  /// `bytes` more are done. Throws Cancelled when a stop was requested.
  void advance(std::uint64_t bytes) const;
  /// Throws Cancelled when a stop was requested: the cancellation point of work without bytes.
  void check() const;
  [[nodiscard]] const std::stop_token& stop() const { return stop_; }

private:
  Reporter* reporter_ = nullptr;
  std::stop_token stop_;
  std::uint64_t id_ = 0;
};

}  // namespace cairn
