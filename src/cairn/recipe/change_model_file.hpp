// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// How a library changes, for `cairn plan --simulate`. Specified in docs/formats/change-model.md.
namespace cairn::recipe {

/// Either numbers from which a history is made up, or (`first` is not empty) a history.
struct ChangeModelFile {
  std::optional<std::uint64_t> units;
  std::optional<std::uint64_t> mean_bytes;
  std::optional<double> spread;
  std::optional<std::uint64_t> added;
  std::optional<double> changed_percent;
  std::optional<double> removed_percent;
  std::optional<std::uint64_t> seed;
  std::optional<std::uint64_t> index_bytes;

  std::map<std::string, std::uint64_t> first;
  using Release = std::map<std::string, std::optional<std::uint64_t>>;  ///< nothing: removed
  std::vector<Release> releases;

  /// Throws Error{bad_input} that names line, column and key.
  [[nodiscard]] static ChangeModelFile parse(std::string_view text, std::string what);
  [[nodiscard]] static ChangeModelFile read(const std::filesystem::path& path);
};

}  // namespace cairn::recipe
