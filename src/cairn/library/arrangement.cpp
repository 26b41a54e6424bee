// SPDX-License-Identifier: Apache-2.0
#include <cairn/library/arrangement.hpp>

#include <algorithm>
#include <cassert>
#include <limits>

namespace cairn::library {

std::uint64_t total_bytes(const std::vector<SizedUnit>& units)
{
  std::uint64_t total = 0;
  for (const auto& unit : units) total += unit.bytes;
  return total;
}

void sort_by_size(std::vector<SizedUnit>& units)
{
  std::ranges::sort(units, [](const SizedUnit& a, const SizedUnit& b) { return a.bytes != b.bytes ? a.bytes > b.bytes : a.name < b.name; });
}

std::vector<std::vector<SizedUnit>> even_runs(const std::vector<SizedUnit>& units, std::uint64_t count)
{
  auto left = total_bytes(units);
  std::vector<std::vector<SizedUnit>> runs;
  std::size_t at = 0;
  for (; count > 0 && at < units.size(); --count) {
    const auto goal = left / count;
    std::vector<SizedUnit> run;
    std::uint64_t bytes = 0;
    // The last run takes all; others stop where they come nearest to their goal, and leave one unit for each run after them.
    while (at < units.size() && (count == 1 || run.empty() || (bytes + units[at].bytes / 2 <= goal && units.size() - at >= count))) {
      bytes += units[at].bytes;
      run.push_back(units[at++]);
    }
    left -= bytes;
    runs.push_back(std::move(run));
  }
  return runs;
}

namespace {

/// Where the last of some runs over the first `n` units begins, for each n. In the best cuts it never moves back as n grows,
/// so each n is solved between its neighbours' answers: n log n steps a run.
class RunCutter {
public:
  explicit RunCutter(const std::vector<SizedUnit>& units) : before_(1, 0.0), cost_(units.size() + 1)
  {
    for (const auto& unit : units) before_.push_back(before_.back() + static_cast<double>(unit.bytes));
    for (std::size_t n = 0; n < cost_.size(); ++n) cost_[n] = run_cost(0, n);
  }

  /// Allow one run more.
  std::vector<std::size_t> add_run()
  {
    ++runs_;
    next_.assign(cost_.size(), std::numeric_limits<double>::infinity());
    begins_.assign(cost_.size(), 0);
    solve(runs_, cost_.size() - 1, runs_ - 1, cost_.size() - 2);
    cost_.swap(next_);
    return begins_;
  }

private:
  [[nodiscard]] double run_cost(std::size_t begin, std::size_t end) const
  {
    return static_cast<double>(end - begin) * (before_[end] - before_[begin]);
  }

  void solve(std::size_t least, std::size_t most, std::size_t first_begin, std::size_t last_begin)
  {
    if (least > most) return;
    const auto n = least + (most - least) / 2;
    for (auto begin = first_begin; begin <= std::min(last_begin, n - 1); ++begin) {
      const auto cost = cost_[begin] + run_cost(begin, n);
      if (cost >= next_[n]) continue;
      next_[n] = cost;
      begins_[n] = begin;
    }
    solve(least, n - 1, first_begin, begins_[n]);
    solve(n + 1, most, begins_[n], last_begin);
  }

  std::vector<double> before_;  ///< bytes of the first n units
  std::vector<double> cost_;    ///< of the best cut of the first n into runs_ runs
  std::vector<double> next_;
  std::vector<std::size_t> begins_;
  std::size_t runs_ = 1;
};

}  // namespace

std::vector<std::vector<SizedUnit>> cheapest_runs(std::vector<SizedUnit> units, std::uint64_t count)
{
  assert(count > 0);
  sort_by_size(units);
  if (units.empty()) return {};
  count = std::min<std::uint64_t>(count, units.size());
  RunCutter cutter(units);
  std::vector<std::vector<std::size_t>> begins;
  while (begins.size() + 1 < count) begins.push_back(cutter.add_run());
  std::vector<std::vector<SizedUnit>> runs(count);
  auto end = units.size();
  for (auto run = count; run-- > 0;) {
    const auto begin = run == 0 ? 0 : begins[run - 1][end];
    runs[run].assign(units.begin() + static_cast<std::ptrdiff_t>(begin), units.begin() + static_cast<std::ptrdiff_t>(end));
    end = begin;
  }
  return runs;
}

}  // namespace cairn::library
