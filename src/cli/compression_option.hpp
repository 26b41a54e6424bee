// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/io/codec.hpp>
#include <cli/settings.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace cairn::cli {

/// What `--compression` and `--level` say, or else the settings. Throws UsageError for a level that the codec has not.
[[nodiscard]] Compression chosen_compression(const std::optional<std::string>& codec, const std::optional<std::uint64_t>& level,
                                             const Settings& settings);

}  // namespace cairn::cli
