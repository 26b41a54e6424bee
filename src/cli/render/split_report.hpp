// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/library/split.hpp>
#include <cairn/oci/json.hpp>

#include <string>
#include <vector>

namespace cairn::cli {

enum class Times { no, yes };

/// What a split did, for people: one line each.
[[nodiscard]] std::vector<std::string> split_summary(const library::SplitResult& result, const library::SplitSettings& settings,
                                                     Times times);
/// The same for programs (`cairn split --json`).
[[nodiscard]] oci::JsonWriter split_record(const library::SplitResult& result, const library::SplitSettings& settings);

}  // namespace cairn::cli
