// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/recipe/yaml.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace cairn::deploy {

/// The documents of a YAML stream (`---` between them), with the places that they have in the whole text; empty ones are left out.
/// Throws as recipe::YamlDocument::parse.
[[nodiscard]] std::vector<recipe::YamlDocument> yaml_documents(std::string_view text, const std::string& what);

}  // namespace cairn::deploy
