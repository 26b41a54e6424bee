// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace cairn::store {

/// After so many bytes the kernel is told to start writing them, so that `tag` finds little left to wait for.
inline constexpr std::uint64_t flush_step_bytes = std::uint64_t{32} << 20;

/// Tell it. For the room's own use.
void start_writing(int fd, std::uint64_t from, std::uint64_t to, const std::string& what);

}  // namespace cairn::store
