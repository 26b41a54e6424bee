// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/library/simulate.hpp>
#include <cairn/oci/json.hpp>
#include <cli/render/table.hpp>

namespace cairn::cli {

/// Releases that were played, one a line, the first being release 0.
[[nodiscard]] Table simulation_table(const library::Simulation& simulation);
[[nodiscard]] oci::JsonWriter simulation_record(const library::Simulation& simulation, const library::SimulationSettings& settings);

}  // namespace cairn::cli
