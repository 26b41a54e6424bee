// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/recipe/yaml.hpp>

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

/// `library.yaml`: what an admin says about a module tree. Specified in docs/formats/library-file.md.
namespace cairn::recipe {

inline constexpr std::uint64_t library_file_least_layers = 2;
inline constexpr std::uint64_t library_file_most_layers = 480;

/// What a module needs of the machine that it runs on. Empty: nothing.
struct HardwareNeed {
  std::string cpu;  ///< `x86-64-v1` to `x86-64-v4`, or a flag as /proc/cpuinfo has it
  std::string gpu;  ///< `nvidia` or `amd`
  friend bool operator==(const HardwareNeed&, const HardwareNeed&) = default;
};

/// Patterns are fnmatch(3) ones of paths relative to the tree; `*` also matches slashes, except in `prefixes`.
struct LibraryFile {
  std::optional<std::string> target;       ///< absolute path at which users will see the tree
  std::vector<std::string> modulepath;     ///< MODULEPATH directories, relative to the tree
  std::vector<std::string> prefixes;       ///< patterns of installed prefixes, beyond EasyBuild's
  std::vector<std::string> shared;         ///< patterns of directories that are units of their own
  std::vector<std::string> includes;       ///< built-in exclude patterns that leave nothing out
  std::vector<std::string> excludes;       ///< patterns left out
  std::vector<std::string> featured;       ///< module names
  std::map<std::string, std::string> descriptions;  ///< module name -> text instead of the modulefile's
  std::map<std::string, HardwareNeed> requirements;  ///< module name, or name without version for all of them
  std::optional<std::uint64_t> layers;     ///< budget: least_layers to most_layers
  friend bool operator==(const LibraryFile&, const LibraryFile&) = default;

  /// Throws Error{bad_input} that names line, column and key.
  [[nodiscard]] static LibraryFile parse(std::string_view text, std::string what);
  [[nodiscard]] static LibraryFile read(const std::filesystem::path& path);
};

}  // namespace cairn::recipe
