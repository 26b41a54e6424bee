// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/io/hash.hpp>

#include <cstdint>
#include <span>
#include <string>

namespace cairn::store {

/// After so many bytes the kernel is told to start writing them, so that `tag` finds little left to wait for.
inline constexpr std::uint64_t flush_step_bytes = std::uint64_t{32} << 20;

/// Tell it. For the room's own use, as all of this.
void start_writing(int fd, std::uint64_t from, std::uint64_t to, const std::string& what);

/// Hash and write `bytes`, piece by piece, while a piece is in the processor's cache. The pieces are small for another reason too: larger
/// writes get larger pages of the page cache, which on a virtual machine are often not backed yet; half as much time again was measured.
void write_hashed(int fd, Sha256& hash, std::span<const std::byte> bytes, const std::string& what);

}  // namespace cairn::store
