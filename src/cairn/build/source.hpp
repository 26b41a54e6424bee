// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/recipe/step.hpp>

#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <vector>

/// What lies in a project's directory. For the room's own use.
namespace cairn::build {

/// Where Python platforms keep an application, its virtual environment and, below it, its source.
inline constexpr std::string_view app_root = "/opt/app-root";
inline constexpr std::string_view app_source = "/opt/app-root/src";

/// Of Pipfile.lock, pylock.toml, requirements.txt the first that there is; empty: none.
[[nodiscard]] std::string found_lock(const std::filesystem::path& directory);

/// Paths below `directory` that are no source: .git, and what .s2iignore and .containerignore (.dockerignore) leave out. Of a directory that is
/// left out whole, only its own path.
[[nodiscard]] std::set<std::string> ignored_paths(const std::filesystem::path& directory);
/// The same as fnmatch(3) patterns.
[[nodiscard]] std::vector<std::string> left_out(const std::filesystem::path& directory);

/// The source, at /opt/app-root/src, for the group to write.
[[nodiscard]] recipe::FilesStep source_step(const std::filesystem::path& directory);

}  // namespace cairn::build
