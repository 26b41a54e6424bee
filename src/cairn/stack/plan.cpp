// SPDX-License-Identifier: Apache-2.0
#include <cairn/stack/plan.hpp>

#include <cairn/io/hash.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace cairn::stack {
namespace {

std::uint64_t limit_for(const PlanPackage& package, const PlanMemory& memory)
{
  if (memory.alone.contains(package.name)) return alone_bytes / 2;
  return memory.sharing.contains(package.name) ? alone_bytes * 2 : alone_bytes;
}

}  // namespace

std::vector<PlanLayer> plan(const std::vector<PlanPackage>& packages, std::size_t layers, const PlanMemory& memory)
{
  // One layer: all in it. Few: half of them are buckets.
  const auto buckets = std::min(bucket_count, std::max<std::size_t>(1, layers / 2));
  std::vector<const PlanPackage*> large;
  for (const auto& package : packages)
    if (package.size_bytes >= limit_for(package, memory)) large.push_back(&package);
  // At the edge of the budget, too, what is alone stays so unless the other is twice as large.
  const auto weight = [&](const PlanPackage* package) { return package->size_bytes * (memory.alone.contains(package->name) ? 2 : 1); };
  std::ranges::sort(large, [&](const PlanPackage* a, const PlanPackage* b) {
    return weight(a) != weight(b) ? weight(a) > weight(b) : a->name < b->name;
  });
  large.resize(std::min(large.size(), layers - std::min(layers, buckets)));
  std::set<std::string> alone;
  for (const auto* package : large) alone.insert(package->name);
  std::vector<PlanLayer> planned;
  for (const auto& name : alone) planned.push_back({name, {name}});
  std::map<std::size_t, std::vector<std::string>> shared;
  for (const auto& package : packages)
    if (!alone.contains(package.name))
      shared[std::to_integer<std::size_t>(sha256(package.name).bytes()[0]) % buckets].push_back(package.name);
  for (auto& [bucket, names] : shared) {
    std::ranges::sort(names);
    planned.push_back({fmt::format("bucket-{:02}", bucket), std::move(names)});
  }
  return planned;
}

}  // namespace cairn::stack
