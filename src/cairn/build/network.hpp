// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/build/container.hpp>

#include <filesystem>

namespace cairn::build {

/// Let `step` reach the network as this machine does: its proxies, its certificate authorities, its Python index. They are seen while the step
/// runs and are no part of the image. `directory`, a fresh one, is kept until the step ran.
void give_network(ContainerStep& step, const std::filesystem::path& directory);

}  // namespace cairn::build
