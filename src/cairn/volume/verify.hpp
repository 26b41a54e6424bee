// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/base/task.hpp>
#include <cairn/oci/blob.hpp>
#include <cairn/volume/generation.hpp>

#include <filesystem>
#include <string>
#include <vector>

namespace cairn::volume {

/// One thing that is not as it was poured.
struct Drift {
  std::string unit;  ///< or `generation ID`
  std::string path;  ///< relative to the tree; empty: the unit itself
  std::string what;
};

struct Verified {
  std::uint64_t units = 0;
  std::uint64_t bytes = 0;
  std::vector<Drift> drift;
  std::vector<std::string> damaged;  ///< units to pour again; a stray file is drift, but no damage
};

/// Read every unit of `id` (nothing: the current one) again and compare with its digest; look for what does not belong there.
/// Needs no library and takes no turn.
[[nodiscard]] Verified verify(const std::filesystem::path& directory, const std::optional<std::string>& id, std::size_t threads,
                              const Task& task);

/// Put damaged units aside (into the trash) and pour them again from the library that the generation was made of.
void repair(const std::filesystem::path& directory, const Verified& found, const oci::BlobSource& blobs, const oci::Descriptor& manifest,
            const Task& task);

}  // namespace cairn::volume
