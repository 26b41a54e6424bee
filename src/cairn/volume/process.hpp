// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/oci/json.hpp>

#include <cstdint>
#include <string>

namespace cairn::volume {

/// A process as others on the same volume, perhaps on other machines, can know it.
struct Process {
  std::string host;
  std::string boot;       ///< the kernel's boot id
  std::string namespace_; ///< of process ids, as /proc shows it: two containers of one pod share host and boot
  std::uint64_t pid = 0;
  std::uint64_t start = 0;  ///< clock ticks after boot, so that a reused id is not taken for it

  [[nodiscard]] static Process self();
  /// Members of an object that was begun.
  void write(oci::JsonWriter& json) const;
  [[nodiscard]] static Process read(const oci::Json& json);
  /// Certainly gone: it ran where we run, and is not there. False means "not known".
  [[nodiscard]] bool is_gone() const;
  friend bool operator==(const Process&, const Process&) = default;
};

}  // namespace cairn::volume
