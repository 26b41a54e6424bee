// SPDX-License-Identifier: Apache-2.0
#include <cairn/stack/glibc.hpp>

#include <charconv>
#include <system_error>

namespace cairn::stack {

// It has the text "GNU C Library … release version 2.36."
std::optional<std::pair<unsigned, unsigned>> glibc_version(std::string_view library)
{
  constexpr std::string_view says = "release version 2.";
  const auto at = library.find(says);
  if (at == std::string_view::npos) return std::nullopt;
  unsigned minor = 0;
  const auto digits = library.substr(at + says.size(), 4);
  if (std::from_chars(digits.data(), digits.data() + digits.size(), minor).ec != std::errc{}) return std::nullopt;
  return std::pair(2u, minor);
}

}  // namespace cairn::stack
