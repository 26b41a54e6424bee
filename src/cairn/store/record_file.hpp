// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/base/error.hpp>
#include <cairn/base/log.hpp>
#include <cairn/oci/json.hpp>
#include <cairn/os/fd.hpp>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <utility>

/// Records in a cache: JSON files that can be made again.
namespace cairn::store {

/// What `read` makes of the record in `file`, an optional; nothing when there is none, when it is larger than `limit_bytes` or when it cannot be
/// understood (said at debug level): it is made again then.
template <class Read>
auto read_record(const std::filesystem::path& file, std::uint64_t limit_bytes, Read&& read) -> decltype(read(std::declval<oci::Json>()))
{
  try {
    if (!std::filesystem::exists(file)) return std::nullopt;
    const auto text = read_small_file(file, limit_bytes);
    const auto document = oci::JsonDocument::parse(text, "record");
    return read(document.root());
  } catch (const Error& error) {
    log::debug("{}: {}; made again", file.string(), error.what());
    return std::nullopt;
  }
}

}  // namespace cairn::store
