// SPDX-License-Identifier: Apache-2.0
#include <cairn/store/store.hpp>

#include <cairn/base/error.hpp>

#include <fmt/format.h>

namespace cairn::store {
namespace {

constexpr std::size_t longest_name = 128;
constexpr std::string_view separators = "-._:@+/";

bool alphanumeric(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

}  // namespace

void check_tag_name(const std::string& name)
{
  const auto fail = [&](const std::string& problem) { throw Error(Errc::bad_input, fmt::format("{}: {}", printable(name), problem)); };
  if (name.empty()) fail("a tag name needs at least one character");
  if (name.size() > longest_name) fail(fmt::format("a tag name of {} bytes, the limit is {}", name.size(), longest_name));
  if (name.starts_with("sha256:") || name.find("@sha256:") != std::string::npos) fail("a digest cannot be a tag name");
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    if (alphanumeric(c)) continue;
    if (separators.find(c) == std::string_view::npos)
      fail(fmt::format("a tag name cannot have {}", printable(std::string_view(name).substr(i, 1))));
    if (i == 0 || i + 1 == name.size()) fail("a tag name begins and ends with a letter or digit");
    const bool second_dash = c == '-' && name[i - 1] == '-' && (i < 2 || name[i - 2] != '-');
    if (!alphanumeric(name[i - 1]) && !second_dash)
      fail(fmt::format("a tag name cannot have {}", printable(std::string_view(name).substr(i - 1, 2))));
  }
}

}  // namespace cairn::store
