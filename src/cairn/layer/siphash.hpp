// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace cairn::layer {

/// SipHash-c-d (Aumasson and Bernstein 2012) of `data` with a 128-bit key: what Python's `_imp.source_hash` is made of.
[[nodiscard]] std::uint64_t siphash(int compression_rounds, int finalization_rounds, std::uint64_t key0, std::uint64_t key1,
                                    std::span<const std::byte> data);

}  // namespace cairn::layer
