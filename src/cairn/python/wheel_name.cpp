// SPDX-License-Identifier: Apache-2.0
#include <cairn/python/wheel_name.hpp>

#include <cairn/base/error.hpp>
#include <cairn/python/text.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace cairn::python {
namespace {

constexpr std::size_t tags_limit = 1000;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_word(char c)
{
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}

bool is_project(std::string_view name)
{
  return !name.empty() && name.find("__") == std::string_view::npos &&
         std::ranges::all_of(name, [](char c) { return is_word(c) || c == '.'; });
}

/// What is wrong with the tags, or nothing.
std::string_view expand_tags(const std::vector<std::string_view>& parts, std::vector<Tag>& tags)
{
  const auto pythons = split(parts[0], '.');
  const auto abis = split(parts[1], '.');
  const auto platforms = split(parts[2], '.');
  for (const auto* list : {&pythons, &abis, &platforms})
    if (std::ranges::find(*list, "") != list->end()) return "a tag is empty";
  for (const auto python : pythons)
    if (is_digit(python.front()) || !std::ranges::all_of(python, is_word)) return "an interpreter tag is no identifier";
  if (pythons.size() * abis.size() * platforms.size() > tags_limit) return "has more than 1000 tags";
  for (const auto python : pythons)
    for (const auto abi : abis)
      for (const auto platform : platforms) tags.push_back({to_lower(python), to_lower(abi), to_lower(platform)});
  return {};
}

/// What is wrong, or nothing.
std::string_view read(std::string_view file, WheelName& wheel)
{
  wheel.file = file;
  if (!file.ends_with(".whl")) return "does not end in .whl";
  if (!is_utf8(file)) return "is not UTF-8";
  file.remove_suffix(4);
  const auto parts = split(file, '-');
  if (parts.size() != 5 && parts.size() != 6) return "has not 5 or 6 parts between dashes";
  if (!is_project(parts[0])) return "the project's name has other characters than letters, digits, '.' and single '_'";
  wheel.name = canonical_name(parts[0]);
  auto version = Version::parse(parts[1]);
  if (!version) return "the version is none of PEP 440";
  wheel.version = std::move(*version);
  wheel.version_text = parts[1];
  if (parts.size() == 6) {
    const auto build = parts[2];
    const auto digits = static_cast<std::size_t>(std::ranges::find_if_not(build, is_digit) - build.begin());
    std::uint64_t number = 0;
    if (digits == 0 || std::from_chars(build.data(), build.data() + digits, number).ec != std::errc{})
      return "the build tag begins with no number";
    wheel.build = {number, std::string(build.substr(digits))};
  }
  return expand_tags({parts.end() - 3, parts.end()}, wheel.tags);
}

}  // namespace

WheelName WheelName::parse(std::string_view file)
{
  WheelName wheel;
  if (const auto problem = read(file, wheel); !problem.empty())
    throw Error(Errc::bad_input, fmt::format("wheel {}: its name {}", printable(file), problem));
  return wheel;
}

std::optional<WheelName> WheelName::try_parse(std::string_view file)
{
  WheelName wheel;
  if (!read(file, wheel).empty()) return std::nullopt;
  return wheel;
}

}  // namespace cairn::python
