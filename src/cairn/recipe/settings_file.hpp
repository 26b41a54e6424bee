// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>

/// Reading what a user prefers from a file (docs/commands/config.md "Files").
namespace cairn::recipe {

struct FileSetting {
  std::string value;  ///< as written
  std::string place;  ///< `cairn.yaml:3:7`
};

enum class SettingsAt {
  root,      ///< the file holds settings alone: the user's own
  settings,  ///< they lie under `settings:`, beside what belongs to others: a project's cairn.yaml
};

/// The settings in `path`, by key; nothing when there is no such file. A relative `store` is taken from the file's
/// directory. Throws Error as YamlDocument::read, and Error{bad_input} for an unknown key, naming the place.
[[nodiscard]] std::optional<std::map<std::string, FileSetting>> read_settings(const std::filesystem::path& path, SettingsAt at);

}  // namespace cairn::recipe
