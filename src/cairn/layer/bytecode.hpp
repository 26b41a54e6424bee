// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

/// Python bytecode files (PEP 552). A timestamp .pyc is valid only while its source has the mtime in its header, which
/// no layer or volume keeps; an unchecked-hash one is valid always. The two differ in 12 bytes of the header.
namespace cairn::layer {

inline constexpr std::size_t pyc_header_bytes = 16;
using PycHeader = std::array<std::byte, pyc_header_bytes>;

/// What a timestamp header says of its source. Nothing: no header of Python 3.7 or later, or hash-based already.
struct PycTimestamp {
  std::uint32_t mtime = 0;  ///< low 32 bits, seconds
  std::uint32_t size_bytes = 0;
};
[[nodiscard]] std::optional<PycTimestamp> pyc_timestamp(const PycHeader& header);

/// `__pycache__/NAME.cpython-311.opt-1.pyc` is made from `../NAME.py`: that file's name. Nothing for other names.
[[nodiscard]] std::optional<std::string> pyc_source_name(std::string_view pyc_name);

/// The unchecked-hash header for the same code, with the hash of `source` as Python makes it.
[[nodiscard]] PycHeader unchecked_header(const PycHeader& header, std::span<const std::byte> source);

}  // namespace cairn::layer
