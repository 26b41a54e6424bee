// SPDX-License-Identifier: Apache-2.0
#include <cairn/http/message.hpp>

#include <algorithm>

namespace cairn::http {

std::optional<std::string_view> Response::header(std::string_view name) const
{
  const auto found = std::ranges::find(headers, name, &Header::name);
  return found == headers.end() ? std::nullopt : std::optional<std::string_view>(found->value);
}

std::vector<std::string_view> Response::all(std::string_view name) const
{
  std::vector<std::string_view> values;
  for (const auto& header : headers)
    if (header.name == name) values.push_back(header.value);
  return values;
}

}  // namespace cairn::http
