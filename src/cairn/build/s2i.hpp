// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/build/project.hpp>

#include <filesystem>
#include <string>
#include <vector>

/// Projects whose build runs in a container. For the room's own use.
namespace cairn::build {

/// fnmatch(3) patterns of what .s2iignore leaves out of the source, and of .git.
[[nodiscard]] std::vector<std::string> left_out(const std::filesystem::path& directory);

/// By `buildah build`, whose image is taken into the store. Known when neither the directory nor the file changed.
[[nodiscard]] Built build_containerfile(const Project& project, const BuildSettings& settings, store::Store& store, const Task& task);

/// As S2I does (openshift/source-to-image docs/builder_image.md): the source goes to /tmp/src of the builder, with .s2i/bin beside it;
/// `assemble` runs as the builder's assemble-user with the variables of .s2i/environment; what it changed becomes a layer on the builder;
/// the command is `run`. Labels say from what. Source and scripts are no part of the image but for what assemble kept.
[[nodiscard]] Built build_s2i(const Project& project, const BuildSettings& settings, const Surroundings& surroundings, store::Store& store,
                              const Task& task);

}  // namespace cairn::build
