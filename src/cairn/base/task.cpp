// SPDX-License-Identifier: Apache-2.0
#include <cairn/base/task.hpp>

#include <cairn/base/error.hpp>

#include <atomic>
#include <utility>

namespace cairn {
namespace {

std::uint64_t next_id()
{
  static std::atomic<std::uint64_t> last{0};
  return ++last;
}

}  // namespace

Task::Task(Reporter& reporter, std::stop_token stop, const std::string& title, std::uint64_t total_bytes)
    : reporter_(&reporter), stop_(std::move(stop)), id_(next_id())
{
  reporter_->begin(id_, title, total_bytes);
}

Task::~Task()
{
  if (reporter_ != nullptr) reporter_->end(id_);
}

Task Task::step(const std::string& title, std::uint64_t total_bytes) const
{
  if (reporter_ == nullptr) return Task{};
  return Task{*reporter_, stop_, title, total_bytes};
}

void Task::advance(std::uint64_t bytes) const
{
  check();
  if (reporter_ != nullptr) reporter_->advance(id_, bytes);
}

void Task::check() const
{
  if (stop_.stop_requested()) throw Cancelled{};
}

}  // namespace cairn
