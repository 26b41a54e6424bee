// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/base/task.hpp>
#include <cairn/build/container.hpp>

#include <filesystem>
#include <string>
#include <vector>

/// Installing packages of a base's distribution.
namespace cairn::build {

/// The step that installs `packages` (`name` or `name=version`) with apt-get, dnf or microdnf, whichever the image has. An image has no
/// sources: what this machine has for the image's suite is written to `directory` (a fresh one, kept until the step ran) and mounted
/// read-only, with the machine's way to the archives: proxies, credentials, certificates. `recommends` are left out. Package lists and
/// caches end with the step. A package that is not there fails the step, whose last lines name it and the nearest name.
[[nodiscard]] ContainerStep package_step(std::string title, const std::vector<std::string>& packages, const std::filesystem::path& directory,
                                         const Task& task);

}  // namespace cairn::build
