// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/base/task.hpp>
#include <cairn/library/library.hpp>
#include <cairn/oci/blob.hpp>
#include <cairn/volume/layout.hpp>
#include <cairn/volume/turn.hpp>
#include <cairn/volume/writers.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace cairn::volume {

struct Shipped {
  std::uint64_t fetched_bytes = 0;
  std::uint64_t requests = 0;
  Written written;
};

struct ShipOptions {
  std::size_t writers = 48;
  std::size_t streams = 6;
};

/// Fetch, prove and write units (name -> key) of `library` into `.cairn/units`: many pieces at once, each unit under a name of its own until
/// it is whole and flushed. Flushes as it goes, so that a run that is killed loses little. After an Error what is not whole is
/// removed; after Cancelled it is left for the next run to remove, which has the time.
Shipped ship(const oci::BlobSource& blobs, const library::Library& library, const std::map<std::string, std::string>& units,
             const Layout& layout, const Turn& turn, const ShipOptions& options, const Task& task);

}  // namespace cairn::volume
