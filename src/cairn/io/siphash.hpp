// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace cairn {

/// SipHash-c-d (Aumasson and Bernstein 2012) of `data` with a 128-bit key. 2-4 with a secret key is safe against crafted
/// collisions; Python's `_imp.source_hash` is 1-3 (before 3.11: 2-4) with a known one.
[[nodiscard]] std::uint64_t siphash(int compression_rounds, int finalization_rounds, std::uint64_t key0, std::uint64_t key1,
                                    std::span<const std::byte> data);

}  // namespace cairn
