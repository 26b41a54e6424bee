// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

namespace cairn::volume {

inline constexpr std::size_t removal_threads = 16;

/// As `remove_beneath`, by many threads: on a shared file system each name is a round trip. What others still have open
/// (`.nfs…`) makes a directory stay: false then, and the next run tries again.
bool remove_tree(int dir, const std::string& name, std::size_t threads, const std::filesystem::path& shown);

}  // namespace cairn::volume
