// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/oci/descriptor.hpp>
#include <cairn/oci/json.hpp>

#include <string>
#include <string_view>
#include <vector>

/// Members that several OCI documents share; absent ones read as empty. For the room's own use.
namespace cairn::oci {

[[nodiscard]] std::string read_string(const Json& object, std::string_view key);
[[nodiscard]] std::vector<std::string> read_strings(const Json& object, std::string_view key);
[[nodiscard]] Annotations read_annotations(const Json& object, std::string_view key);
void write_annotations(JsonWriter& json, std::string_view key, const Annotations& annotations);  ///< nothing when empty
/// `type/subtype`, checked.
[[nodiscard]] std::string read_media_type(const Json& json);

}  // namespace cairn::oci
