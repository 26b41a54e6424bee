// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// `.s2i/environment`: variables of the image that S2I builds.
namespace cairn::recipe {

inline constexpr std::uint64_t s2i_environment_limit_bytes = 1 << 20;

struct S2iEnvironment {
  std::vector<std::pair<std::string, std::string>> variables;  ///< in the order of the file; a name may be there again, the last counts
  std::vector<std::string> notices;                            ///< `.s2i/environment:3: …`: lines that S2I drops without a word

  /// Lines `NAME=VALUE`, both trimmed, nothing unquoted or expanded; lines that begin with `#` are comments
  /// (openshift/source-to-image pkg/scripts/environment.go).
  [[nodiscard]] static S2iEnvironment parse(std::string_view text, std::string_view what);
  /// Of the repository in `directory`; empty when it has none.
  [[nodiscard]] static S2iEnvironment read(const std::filesystem::path& directory);
};

}  // namespace cairn::recipe
