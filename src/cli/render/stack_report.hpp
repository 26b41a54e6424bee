// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/oci/json.hpp>
#include <cairn/stack/make.hpp>
#include <cairn/stack/stack.hpp>
#include <cli/render/table.hpp>

#include <string>
#include <vector>

/// Stacks of Python packages as tables and JSON.
namespace cairn::cli {

[[nodiscard]] Table stack_table(const stack::Stack& stack, const image::Image& image);
[[nodiscard]] oci::JsonWriter stack_record(const stack::Stack& stack, const image::Image& image);
[[nodiscard]] Table difference_table(const stack::StackDifference& difference);
[[nodiscard]] std::string difference_summary(const stack::StackDifference& difference);
[[nodiscard]] oci::JsonWriter difference_record(const stack::StackDifference& difference);
[[nodiscard]] std::vector<std::string> made_summary(const stack::Made& made, const python::Resolved& resolved);
[[nodiscard]] oci::JsonWriter made_record(const stack::Made& made, const python::Resolved& resolved, const std::string& tag);

}  // namespace cairn::cli
