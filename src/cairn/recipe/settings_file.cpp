// SPDX-License-Identifier: Apache-2.0
#include <cairn/recipe/settings_file.hpp>

#include <cairn/recipe/yaml.hpp>

#include <system_error>

namespace cairn::recipe {

std::optional<std::map<std::string, FileSetting>> read_settings(const std::filesystem::path& path, SettingsAt at)
{
  std::error_code absent;
  if (!std::filesystem::exists(path, absent) &&
      (!absent || absent == std::errc::no_such_file_or_directory || absent == std::errc::not_a_directory)) {
    return std::nullopt;
  }
  const auto document = YamlDocument::read(path);
  std::map<std::string, FileSetting> settings;
  auto values = document.root();
  if (at == SettingsAt::settings) {
    const auto part = values.find("settings");
    if (!part) return settings;
    values = *part;
  }
  values.check_keys({"compression", "jobs", "json", "level", "log", "progress", "store", "times"});
  for (const auto& [key, value] : values.map()) {
    if (value.kind() == Yaml::Kind::null) continue;
    auto text = value.word();
    if (key == "store" && !text.starts_with('/')) text = (path.parent_path() / text).lexically_normal().string();
    settings[key] = {std::move(text), value.place()};
  }
  return settings;
}

}  // namespace cairn::recipe
