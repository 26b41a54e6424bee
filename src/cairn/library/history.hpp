// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/library/diff.hpp>
#include <cairn/store/store.hpp>

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace cairn::library {

/// One release of a library, and what it changed.
struct Release {
  std::string name;  ///< of the tag
  Digest manifest;
  std::size_t units = 0;
  std::size_t layers = 0;
  std::uint64_t size_bytes = 0;          ///< of its layers
  std::optional<Difference> difference;  ///< from the release before; nothing for the first
};

/// The libraries among the store's tags that are called `name` or `name:…`, in the order of their names, numbers in them
/// by value (`2026.9` before `2026.11`). Tags of other images are left out. Throws Error{not_found} when there are none,
/// and what `load` throws for a broken one.
[[nodiscard]] std::vector<Release> history(const store::Store& store, const std::string& name, const Task& task);

/// Whether `a` comes before `b` in that order.
[[nodiscard]] bool release_before(std::string_view a, std::string_view b);

}  // namespace cairn::library
