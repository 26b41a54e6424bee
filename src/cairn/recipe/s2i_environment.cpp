// SPDX-License-Identifier: Apache-2.0
#include <cairn/recipe/s2i_environment.hpp>

#include <cairn/base/error.hpp>
#include <cairn/os/fd.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <system_error>

namespace cairn::recipe {
namespace {

std::string_view trimmed(std::string_view text)
{
  constexpr std::string_view blank = " \t\r\n\v\f";
  const auto begin = text.find_first_not_of(blank);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(blank) + 1 - begin);
}

}  // namespace

S2iEnvironment S2iEnvironment::parse(std::string_view text, std::string_view what)
{
  S2iEnvironment out;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (line.starts_with('#') || trimmed(line).empty()) continue;
    const auto equals = line.find('=');
    if (equals == std::string_view::npos || equals == 0) {
      out.notices.push_back(fmt::format("{}:{}: {} is not NAME=VALUE; S2I drops it", what, number, printable(trimmed(line))));
      continue;
    }
    out.variables.emplace_back(trimmed(line.substr(0, equals)), trimmed(line.substr(equals + 1)));
  }
  return out;
}

S2iEnvironment S2iEnvironment::read(const std::filesystem::path& directory)
{
  const auto path = directory / ".s2i" / "environment";
  std::error_code error;
  if (!std::filesystem::exists(path, error)) return {};
  return parse(read_small_file(path, s2i_environment_limit_bytes), path.string());
}

}  // namespace cairn::recipe
