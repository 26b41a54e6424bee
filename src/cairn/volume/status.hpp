// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/volume/features.hpp>
#include <cairn/volume/generation.hpp>
#include <cairn/volume/history.hpp>
#include <cairn/volume/lease.hpp>
#include <cairn/volume/turn.hpp>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace cairn::volume {

struct Status {
  std::optional<Generation> current;
  std::vector<Generation> generations;
  std::vector<LeaseInfo> leases;
  std::optional<Turn::Holder> holder;
  std::vector<std::string> unfinished;  ///< what runs that were stopped left in `.cairn`
  std::vector<std::string> foreign;     ///< names at the top of the volume that cairn did not put there
  Space space;
};

/// Reads records only. Throws Error{not_found} for a directory that is no volume.
[[nodiscard]] Status status(const std::filesystem::path& directory);

}  // namespace cairn::volume
