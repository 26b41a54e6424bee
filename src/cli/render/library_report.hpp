// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/library/document.hpp>
#include <cairn/oci/json.hpp>
#include <cli/render/table.hpp>

#include <string>
#include <vector>

/// What a library holds, for people and for programs.
namespace cairn::cli {

/// The live fragment of a unit, which has one.
[[nodiscard]] const library::FragmentInfo& fragment_of(const library::Document& document, const library::UnitInfo& unit);

[[nodiscard]] Table modules_table(const library::Document& document);
[[nodiscard]] oci::JsonWriter modules_record(const library::Document& document);

[[nodiscard]] std::string unit_text(const library::Document& document, const library::UnitInfo& unit, std::size_t columns);
[[nodiscard]] oci::JsonWriter unit_record(const library::Document& document, const library::UnitInfo& unit);

[[nodiscard]] Table closure_table(const library::Document& document, const std::vector<std::string>& units);
[[nodiscard]] oci::JsonWriter closure_record(const library::Document& document, const std::vector<std::string>& units);

[[nodiscard]] Table units_table(const library::Document& document);
/// The members `target`, `budget_layers`, `units`, `rest`, `dropped` of an open object.
void write_library(oci::JsonWriter& json, const library::Document& document);

}  // namespace cairn::cli
