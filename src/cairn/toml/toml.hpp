// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

/// Reading TOML 1.0 for every room: the TOML library itself stays behind this header, and what comes out is read with
/// oci/json.hpp, so that files of either form are checked by the same code.
namespace cairn::toml {

/// The document as one JSON object (sorted keys). Dates and times become strings in RFC 3339's form; infinities and NaN,
/// which JSON has not, are Error{bad_input}, as is what is no TOML: `what`, line and column are named.
[[nodiscard]] std::string as_json(std::string_view text, const std::string& what);

}  // namespace cairn::toml
