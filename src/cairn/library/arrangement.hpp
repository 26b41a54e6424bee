// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

/// How units are put together when nothing binds them to a place. Parts of docs/formats/plan.md.
namespace cairn::library {

struct SizedUnit {
  std::string name;
  std::uint64_t bytes = 0;
  friend bool operator==(const SizedUnit&, const SizedUnit&) = default;
};

[[nodiscard]] std::uint64_t total_bytes(const std::vector<SizedUnit>& units);
/// Largest first; equal ones by name.
void sort_by_size(std::vector<SizedUnit>& units);

/// Cut `units`, in their order, into at most `count` runs of about equal size. None is empty.
[[nodiscard]] std::vector<std::vector<SizedUnit>> even_runs(const std::vector<SizedUnit>& units, std::uint64_t count);

/// Cut `units`, by size, into `count` runs (fewer if there are fewer units) such that a change of any one unit, all
/// equally likely, writes as few bytes again as possible: the sum over runs of units times bytes is least.
[[nodiscard]] std::vector<std::vector<SizedUnit>> cheapest_runs(std::vector<SizedUnit> units, std::uint64_t count);

}  // namespace cairn::library
