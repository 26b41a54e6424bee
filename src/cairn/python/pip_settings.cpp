// SPDX-License-Identifier: Apache-2.0
#include <cairn/python/pip_settings.hpp>

#include <cairn/base/error.hpp>
#include <cairn/os/fd.hpp>
#include <cairn/python/text.hpp>

#include <map>

namespace cairn::python {
namespace {

constexpr std::uint64_t file_limit_bytes = std::uint64_t{1} << 20;

/// `section.key` to value, of an INI file as Python's configparser reads it, as far as pip's need goes.
void read_ini(const std::filesystem::path& file, std::map<std::string, std::string>& values)
{
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(file, ignored)) return;
  const auto text = read_small_file(file, file_limit_bytes);
  std::string section;
  std::string last;
  for (const auto line : split_lines(text)) {
    const auto plain = trim(line);
    if (plain.empty() || plain.front() == '#' || plain.front() == ';') continue;
    if (plain.front() == '[' && plain.back() == ']') {
      section = plain.substr(1, plain.size() - 2);
      last.clear();
    } else if ((line.front() == ' ' || line.front() == '\t') && !last.empty()) {
      values[last] += "\n" + std::string(plain);
    } else if (const auto at = plain.find_first_of("=:"); at != std::string_view::npos) {
      last = section + "." + to_lower(trim(plain.substr(0, at)));
      values[last] = trim(plain.substr(at + 1));
    }
  }
}

}  // namespace

std::vector<PackageSource> pip_sources(const std::function<std::optional<std::string>(const std::string&)>& variable)
{
  std::map<std::string, std::string> values;
  const auto file = variable("PIP_CONFIG_FILE");
  if (file != "/dev/null") {
    read_ini("/etc/pip.conf", values);
    if (const auto home = variable("HOME")) {
      read_ini(std::filesystem::path(*home) / ".pip" / "pip.conf", values);
      const auto config = variable("XDG_CONFIG_HOME");
      read_ini((config ? std::filesystem::path(*config) : std::filesystem::path(*home) / ".config") / "pip" / "pip.conf", values);
    }
    if (file) read_ini(*file, values);
  }
  const auto setting = [&](const std::string& name, const std::string& key) -> std::string {
    if (const auto value = variable(name)) return *value;
    for (const auto* section : {"install.", "global."})
      if (const auto found = values.find(section + key); found != values.end()) return found->second;
    return {};
  };
  std::vector<PackageSource> sources;
  for (const auto& [name, urls] : {std::pair("index-url", setting("PIP_INDEX_URL", "index-url")),
                                   std::pair("extra-index-url", setting("PIP_EXTRA_INDEX_URL", "extra-index-url"))})
    for (const auto line : split_lines(urls))
      for (const auto url : split(line, ' '))
        if (!trim(url).empty()) sources.push_back({name, std::string(trim(url))});
  return sources;
}

}  // namespace cairn::python
