// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/base/task.hpp>
#include <cairn/library/plan.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

/// What releases of a library would cost, by its plans alone: nothing is read or packed.
namespace cairn::library {

/// How a made-up library changes. The same model has the same history.
struct ChangeModel {
  std::uint64_t units = 500;
  std::uint64_t mean_bytes = 31'800'000;  ///< of a unit
  double spread = 1.9;                    ///< standard deviation of the logarithm of sizes, which are log-normal
  std::uint64_t added = 8;                ///< new units a release
  double changed = 0.004;                 ///< part of the units that is built again with each release
  double removed = 0.004;                 ///< part of the units that goes with each release
  std::uint64_t seed = 1;
};

/// What a library held at first, and what each release after that changed.
struct ChangeHistory {
  std::map<std::string, std::uint64_t> first;  ///< unit -> bytes
  /// Unit -> bytes of it, new or built again; nothing: it is gone.
  using Release = std::map<std::string, std::optional<std::uint64_t>>;
  std::vector<Release> releases;
};

[[nodiscard]] ChangeHistory make_history(const ChangeModel& model, std::uint64_t releases);

struct SimulationSettings {
  std::uint64_t budget_layers = 0;  ///< K, the index layer included: at least 2
  double dead_cap = default_dead_cap;
  std::uint64_t index_bytes = 500;  ///< of the index layer, a unit: it is fetched with each release, and nothing in it is new
};

/// A client has the release before and fetches this one. Bytes are plain ones of units' fragments.
struct SimulatedRelease {
  std::uint64_t units = 0;
  std::uint64_t new_bytes = 0;      ///< of units that are new or changed
  std::uint64_t fetched_bytes = 0;  ///< of layers that are new, the index layer included
  std::uint64_t live_bytes = 0;
  std::uint64_t dead_bytes = 0;
  std::uint64_t layers = 0;         ///< the index layer included
  std::map<LayerReason, std::uint64_t> made;  ///< new layers by reason, without the index layer
};

struct Simulation {
  std::vector<SimulatedRelease> releases;  ///< the first is fetched whole, and not part of the sums
  std::uint64_t new_bytes = 0;
  std::uint64_t fetched_bytes = 0;
  /// Fetched bytes to new ones; nothing if none is new.
  [[nodiscard]] std::optional<double> amplification() const;
};

/// Throws Error{bad_input} when a release takes away what is not there; Cancelled.
[[nodiscard]] Simulation simulate(const ChangeHistory& history, const SimulationSettings& settings, const Task& task);

}  // namespace cairn::library
