// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/build/project.hpp>

namespace cairn::build {

/// By `buildah build`, whose image is taken into the store. Known when neither the directory nor the file changed. For the room's own use.
[[nodiscard]] Built build_containerfile(const Project& project, const BuildSettings& settings, store::Store& store, const Task& task);

}  // namespace cairn::build
