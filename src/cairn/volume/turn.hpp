// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/base/task.hpp>
#include <cairn/volume/layout.hpp>
#include <cairn/volume/process.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <thread>

namespace cairn::volume {

/// One process at a time changes a volume: whose turn it is. Turns have numbers; a turn is taken by creating the next number
/// in `.cairn/lock` (exactly one can), kept by touching that file, and given back by creating NUMBER.released. flock
/// is of no use here: on shared file systems it may hold on one machine only. A holder that has shown no sign of life for
/// `stale_after` of the volume's own clock, or that certainly died here, loses it to whoever creates the next number; should it
/// wake up, `check` stops it before it publishes anything.
class Turn {
public:
  static constexpr std::chrono::seconds heartbeat{15};
  static constexpr std::chrono::seconds stale_after{120};

  /// Wait for the turn, at most `wait` (nothing: as long as it takes). Throws Error{busy} naming the holder.
  Turn(const Layout& layout, const std::string& purpose, std::optional<std::chrono::seconds> wait, const Task& task);
  ~Turn();
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

  /// Throws Error{busy} when somebody else took over: call it directly before each rename that others see.
  void check() const;
  [[nodiscard]] std::uint64_t number() const { return number_; }

  struct Holder {
    std::uint64_t number = 0;
    Process process;
    std::string purpose;
    std::int64_t touched = 0;  ///< seconds since 1970, by the volume's clock
  };
  /// Who has the turn now; nothing when nobody has.
  [[nodiscard]] static std::optional<Holder> holder(const Layout& layout);

private:
  const Layout& layout_;
  std::uint64_t number_ = 0;
  Fd file_;
  std::jthread heart_;
};

}  // namespace cairn::volume
