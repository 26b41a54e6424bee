// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/build/project.hpp>
#include <cairn/build/s2i_builder.hpp>

namespace cairn::build {

/// As S2I does (openshift/source-to-image docs/builder_image.md): the source goes to `src` in the builder's destination, with .s2i/bin
/// beside it; `assemble` runs as the builder's assemble-user with the variables of .s2i/environment; what it changed becomes a layer on the
/// builder; the command is `run`. Labels say from what. Source and scripts are no part of the image but for what assemble kept.
///
/// Where the builder says that its assemble installs the lock and copies the source (native_label), this is done by native steps, without
/// a container: the same tree, but for owners, 0 instead of the assemble-user. For the room's own use.
[[nodiscard]] Built build_s2i(const Project& project, const BuildSettings& settings, const Surroundings& surroundings, store::Store& store,
                              const Task& task);

}  // namespace cairn::build
