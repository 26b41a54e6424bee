// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/base/task.hpp>
#include <cairn/recipe/base_file.hpp>

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

/// .debs by their digest, in a directory that everything shares. For the room's own use.
namespace cairn::build {

[[nodiscard]] std::filesystem::path cached_package(const std::filesystem::path& cache, const recipe::LockedPackage& package);

/// Where apt's own state for a suite is kept.
[[nodiscard]] std::filesystem::path apt_directory(const std::filesystem::path& cache, const std::string& suite);

/// Have every package of `lock` in `cache`, several fetched side by side; their bytes are proven by their digests, those that were there
/// before too. Asks nobody when none is missing. Throws as build_base.
void fetch_packages(const recipe::BaseLock& lock, const std::filesystem::path& cache, std::size_t threads, const Task& task);

}  // namespace cairn::build
