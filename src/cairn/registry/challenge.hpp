// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cairn::registry {

/// One demand of a WWW-Authenticate header (RFC 9110, 11.6.1). Scheme and parameter names are in lower case.
struct Challenge {
  std::string scheme;
  std::map<std::string, std::string> parameters{};
};

/// All challenges of the headers `values`: several in one header, commas within quotes, escapes, unquoted values (OpenShift's
/// realm). Throws Error{bad_input} for an unterminated quote, Error{limit} over 64 KiB or 32 challenges.
[[nodiscard]] std::vector<Challenge> parse_challenges(const std::vector<std::string_view>& values);
/// Bearer before Basic; nothing when there is neither.
[[nodiscard]] std::optional<Challenge> choose(const std::vector<Challenge>& challenges);

}  // namespace cairn::registry
