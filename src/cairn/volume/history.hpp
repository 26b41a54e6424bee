// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/volume/layout.hpp>

#include <cstdint>
#include <string>
#include <vector>

/// The journal: before `current` moves, where from, where to and why is written down. An entry whose move did not happen is known by what
/// the next entry says (or `current` itself).
namespace cairn::volume {

struct Event {
  std::uint64_t number = 0;
  std::string action;  ///< `populate`, `rollback`
  std::string from;    ///< generation; empty: none
  std::string to;
  std::string library;
  std::int64_t time = 0;  ///< seconds since 1970
  bool happened = true;
};

/// Write the next entry, on disk when the call returns.
void record_event(const Layout& layout, const Event& event);
/// Oldest first.
[[nodiscard]] std::vector<Event> events(const Layout& layout);

}  // namespace cairn::volume
