// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <string>
#include <string_view>

/// Files that make a service run `cairn release` when a tag is pushed.
namespace cairn::deploy {

enum class Service { github, gitlab, tekton, jenkins };
inline constexpr std::array<std::string_view, 4> service_names{"github", "gitlab", "tekton", "jenkins"};

/// Where the service looks for the file, in a repository.
[[nodiscard]] std::string_view pipeline_path(Service service);
/// The file. `cairn_image` has cairn, git and what it needs. Secrets are named, never written: REGISTRY_AUTH (a containers auth.json).
[[nodiscard]] std::string pipeline(Service service, const std::string& cairn_image);

}  // namespace cairn::deploy
