// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/base/task.hpp>
#include <cairn/oci/blob.hpp>
#include <cairn/volume/generation.hpp>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace cairn::volume {

/// One thing that is not as it was poured.
struct Drift {
  enum class Kind {
    damage,  ///< of a unit: pouring it again repairs it
    view,    ///< a link that users need: switching again repairs it
    stray,   ///< a name that does not belong there; it is never removed
  };
  Kind kind = Kind::damage;
  std::string unit;  ///< empty: of the generation
  std::string path;  ///< relative to the unit's directory, or to the volume
  std::string what;
};

struct Verified {
  std::string generation;
  std::uint64_t units = 0;
  std::uint64_t bytes = 0;
  std::vector<Drift> drift;  ///< by unit and path
};

/// Read every unit of a generation (nothing: the current one) again and compare it with its digest; look for what does not
/// belong there, and whether users come to it. Needs no library, takes no turn, writes nothing.
[[nodiscard]] Verified verify(const std::filesystem::path& directory, const std::optional<std::string>& id, std::size_t threads,
                              const Task& task);

/// Pour damaged units again from the library that the generation was made of, each replaced when it is whole; make links that are missing.
/// Throws Error{bad_input} for another library. Returns how many units were poured.
std::uint64_t repair(const std::filesystem::path& directory, const Verified& found, const oci::BlobSource& blobs,
                     const oci::Descriptor& manifest, const Task& task);

}  // namespace cairn::volume
