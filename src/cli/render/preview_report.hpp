// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/library/split.hpp>
#include <cairn/oci/json.hpp>
#include <cli/render/table.hpp>

#include <string>
#include <vector>

namespace cairn::cli {

/// The layers that a split would have, lowest first.
[[nodiscard]] Table preview_table(const library::SplitPreview& preview);
[[nodiscard]] std::vector<std::string> preview_summary(const library::SplitPreview& preview);
[[nodiscard]] oci::JsonWriter preview_record(const library::SplitPreview& preview);

}  // namespace cairn::cli
