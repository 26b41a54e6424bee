// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/base/task.hpp>
#include <cairn/oci/blob.hpp>

#include <string>
#include <vector>

/// Why a step did not do the same twice.
namespace cairn::build {

/// Paths that two layers have differently: other content or metadata, or only one of them has it. Sorted. Memory: about 150 bytes a path.
[[nodiscard]] std::vector<std::string> differing_paths(const oci::BlobSource& blobs, const oci::Descriptor& one, const oci::Descriptor& other,
                                                       const Task& task);

}  // namespace cairn::build
