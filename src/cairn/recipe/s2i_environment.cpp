// SPDX-License-Identifier: Apache-2.0
#include <cairn/recipe/s2i_environment.hpp>

#include <cairn/base/error.hpp>
#include <cairn/os/fd.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace cairn::recipe {
namespace {

constexpr std::uint64_t limit_bytes = std::uint64_t{1} << 20;

std::string_view trimmed(std::string_view text)
{
  constexpr std::string_view blanks = " \t\r";
  const auto begin = text.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(blanks) + 1 - begin);
}

}  // namespace

std::vector<std::pair<std::string, std::string>> parse_s2i_environment(std::string_view text, const std::string& what)
{
  std::vector<std::pair<std::string, std::string>> out;
  std::size_t number = 0;
  while (!text.empty()) {
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    ++number;
    if (line.starts_with('#') || trimmed(line).empty()) continue;
    const auto equals = line.find('=');
    const auto name = trimmed(line.substr(0, equals));
    if (equals == std::string_view::npos || name.empty())
      throw Error(Errc::bad_input, fmt::format("{}:{}: {} is not NAME=VALUE", what, number, printable(trimmed(line))));
    out.emplace_back(name, trimmed(line.substr(equals + 1)));
  }
  return out;
}

std::vector<std::pair<std::string, std::string>> read_s2i_environment(const std::filesystem::path& path)
{
  return parse_s2i_environment(read_small_file(path, limit_bytes), path.native());
}

}  // namespace cairn::recipe
