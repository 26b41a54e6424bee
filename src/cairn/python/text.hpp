// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

/// Small ASCII text work. For the room's own use.
namespace cairn::python {

[[nodiscard]] std::string_view trim(std::string_view text);  ///< of spaces, tabs, newlines, carriage returns, \v, \f
[[nodiscard]] std::string to_lower(std::string_view text);
/// At every `separator`; one more part than there are separators.
[[nodiscard]] std::vector<std::string_view> split(std::string_view text, char separator);
/// As Python's str.splitlines() for "\n", "\r" and "\r\n".
[[nodiscard]] std::vector<std::string_view> split_lines(std::string_view text);
/// `%2B` to `+`; what is no escape stays.
[[nodiscard]] std::string percent_decoded(std::string_view text);
/// `$VAR` and `${VAR}`, and `${VAR:-default}`, by what `get` says of a variable; unknown ones stay as they are.
template <class Get>
[[nodiscard]] std::string expand_variables(std::string_view text, Get&& get);

/// A project's name as PEP 503 normalizes it: lower case, runs of `-_.` are one `-`.
[[nodiscard]] std::string canonical_name(std::string_view name);

template <class Get>
std::string expand_variables(std::string_view text, Get&& get)
{
  const auto is_word = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; };
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    if (text[i] != '$') {
      out += text[i++];
      continue;
    }
    const bool braced = i + 1 < text.size() && text[i + 1] == '{';
    auto end = i + (braced ? 2 : 1);
    const auto begin = end;
    while (end < text.size() && is_word(text[end])) ++end;
    const auto name = text.substr(begin, end - begin);
    std::string_view otherwise;
    bool has_otherwise = false;
    if (braced && text.substr(end).starts_with(":-")) {
      const auto close = text.find('}', end);
      if (close != std::string_view::npos) {
        otherwise = text.substr(end + 2, close - end - 2);
        has_otherwise = true;
        end = close;
      }
    }
    const bool is_whole = !name.empty() && (!braced || (end < text.size() && text[end] == '}'));
    if (braced && is_whole) ++end;
    const auto value = is_whole ? get(std::string(name)) : decltype(get(std::string()))();
    if (value) out += *value;
    else if (has_otherwise) out += otherwise;
    else out += text.substr(i, std::max(end, i + 1) - i);
    i = std::max(end, i + 1);
  }
  return out;
}

}  // namespace cairn::python
