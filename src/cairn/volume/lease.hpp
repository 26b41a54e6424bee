// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/volume/layout.hpp>
#include <cairn/volume/process.hpp>

#include <chrono>
#include <string>
#include <thread>
#include <vector>

namespace cairn::volume {

/// A promise of a long job that it uses a generation: `collect` keeps that one. It ends with the object, or when its file has not been
/// touched for `stale_after` of the volume's clock, or when its process certainly died.
class Lease {
public:
  static constexpr std::chrono::seconds heartbeat{60};
  static constexpr std::chrono::seconds stale_after{900};

  /// On the generation that is current now. Throws Error{not_found} when there is none, Error{permission} on a volume
  /// that is read-only.
  Lease(const Layout& layout, const std::string& purpose);
  ~Lease();
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;
  [[nodiscard]] const std::string& generation() const { return generation_; }

private:
  const Layout& layout_;
  std::string name_;
  std::string generation_;
  Fd file_;
  std::jthread heart_;
};

struct LeaseInfo {
  std::string name;  ///< of its file
  std::string generation;
  Process process;
  std::string purpose;
  bool stale = false;
};
/// Sorted by name. Files that are no leases are left out.
[[nodiscard]] std::vector<LeaseInfo> leases(const Layout& layout);

}  // namespace cairn::volume
