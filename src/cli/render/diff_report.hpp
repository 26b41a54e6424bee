// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/library/diff.hpp>
#include <cairn/library/history.hpp>
#include <cairn/oci/json.hpp>
#include <cli/render/table.hpp>

#include <string>
#include <vector>

namespace cairn::cli {

/// Units that differ, one a line.
[[nodiscard]] Table diff_table(const library::Difference& difference);
/// What the update costs, one fact a line: for stderr, and for the end of the Markdown text.
[[nodiscard]] std::vector<std::string> diff_summary(const library::Difference& difference);
/// For a release note or a pull request.
[[nodiscard]] std::string diff_markdown(const std::string& before, const std::string& after, const library::Difference& difference);
/// The members of a difference, into an object that is open.
void write_diff(oci::JsonWriter& json, const library::Difference& difference);

[[nodiscard]] Table history_table(const std::vector<library::Release>& releases);
[[nodiscard]] oci::JsonWriter history_record(const std::vector<library::Release>& releases);

}  // namespace cairn::cli
