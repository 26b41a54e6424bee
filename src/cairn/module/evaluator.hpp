// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/base/task.hpp>
#include <cairn/module/script.hpp>

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

namespace cairn::module {

constexpr std::chrono::seconds evaluation_limit{10};
constexpr std::size_t evaluation_limit_bytes = std::size_t{256} << 20;

/// Evaluates scripts in processes of their own, which hold no file of ours and are ended when a script takes longer
/// than `limit` or more memory than `evaluation_limit_bytes`. Any thread.
class Evaluator {
public:
  /// As many scripts as `processes` run at once. Best made before the process has many threads: it forks.
  explicit Evaluator(std::size_t processes, std::chrono::milliseconds limit = evaluation_limit);
  ~Evaluator();
  Evaluator(const Evaluator&) = delete;
  Evaluator& operator=(const Evaluator&) = delete;

  /// As `run(script)`; a limit of time or memory is the answer's error. Throws Cancelled when `task` is stopped.
  [[nodiscard]] Answer run(const Script& script, const Task& task);

private:
  class Process;

  std::chrono::milliseconds limit_;
  std::mutex mutex_;
  std::condition_variable returned_;
  std::vector<std::unique_ptr<Process>> idle_;
};

}  // namespace cairn::module
