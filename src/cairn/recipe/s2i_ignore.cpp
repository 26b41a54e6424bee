// SPDX-License-Identifier: Apache-2.0
// Patterns never cross slashes, so that S2I's walk (glob, then remove each match with all below) comes to this: a path is left
// out when the last rule that matches it, or one of the directories above it, is not a `!`.
#include <cairn/recipe/s2i_ignore.hpp>

#include <cairn/base/error.hpp>
#include <cairn/os/fd.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <system_error>

namespace cairn::recipe {
namespace {

/// One character in UTF-8; a byte that begins none counts as one, as in Go.
std::string_view take_character(std::string_view& text)
{
  const auto lead = static_cast<unsigned char>(text.front());
  std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
  if (length > text.size() || !is_utf8(text.substr(0, length))) length = 1;
  const auto out = text.substr(0, length);
  text.remove_prefix(length);
  return out;
}

/// One end of a range in a class, taken off `pattern`; nothing when it is not well-formed.
std::optional<std::string_view> take_bound(std::string_view& pattern)
{
  if (pattern.empty() || pattern.front() == '-' || pattern.front() == ']') return std::nullopt;
  if (pattern.front() == '\\') pattern.remove_prefix(1);
  if (pattern.empty()) return std::nullopt;
  const auto out = take_character(pattern);
  if (pattern.empty()) return std::nullopt;
  return out;
}

/// A class whose `[` is taken off already; takes it off `pattern`. UTF-8 sorts as its characters do.
std::optional<bool> take_class(std::string_view& pattern, std::string_view character)
{
  const bool negated = pattern.starts_with('^');
  if (negated) pattern.remove_prefix(1);
  bool found = false;
  for (bool first = true;; first = false) {
    if (pattern.starts_with(']') && !first) break;
    const auto low = take_bound(pattern);
    if (!low) return std::nullopt;
    auto high = low;
    if (pattern.starts_with('-')) {
      pattern.remove_prefix(1);
      high = take_bound(pattern);
      if (!high) return std::nullopt;
    }
    found = found || (*low <= character && character <= *high);
  }
  pattern.remove_prefix(1);
  return found != negated;
}

/// Whether the part of `pattern` before its next `*` matches the beginning of `name`; takes both off.
bool take_fixed(std::string_view& pattern, std::string_view& name)
{
  while (!pattern.empty() && pattern.front() != '*') {
    if (name.empty()) return false;
    const char kind = pattern.front();
    if (kind == '[') {
      pattern.remove_prefix(1);
      if (!take_class(pattern, take_character(name)).value_or(false)) return false;
    } else if (kind == '?') {
      pattern.remove_prefix(1);
      (void)take_character(name);
    } else {
      if (kind == '\\') pattern.remove_prefix(1);
      if (pattern.empty() || take_character(pattern) != take_character(name)) return false;
    }
  }
  return true;
}

std::vector<std::string_view> split(std::string_view path)
{
  std::vector<std::string_view> out;
  while (!path.empty()) {
    const auto part = path.substr(0, path.find('/'));
    path.remove_prefix(std::min(path.size(), part.size() + 1));
    if (!part.empty() && part != ".") out.push_back(part);
  }
  return out;
}

std::string_view trimmed(std::string_view text)
{
  constexpr std::string_view blank = " \t\r\n\v\f";
  const auto begin = text.find_first_not_of(blank);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(blank) + 1 - begin);
}

}  // namespace

bool go_match(std::string_view pattern, std::string_view name)
{
  // Only the last star seen is ever tried again: a longer match of an earlier one gains nothing.
  std::optional<std::string_view> after_star;
  std::string_view from_star;
  for (;;) {
    if (pattern.starts_with('*')) {
      pattern.remove_prefix(1);
      after_star = pattern;
      from_star = name;
    }
    if (pattern.starts_with('*')) continue;
    if (take_fixed(pattern, name) && (!pattern.empty() || name.empty())) {
      if (pattern.empty()) return true;
      continue;
    }
    if (!after_star || from_star.empty()) return false;
    (void)take_character(from_star);
    pattern = *after_star;
    name = from_star;
  }
}

bool is_go_pattern(std::string_view pattern)
{
  while (!pattern.empty()) {
    const char kind = pattern.front();
    pattern.remove_prefix(1);
    if (kind == '[' && !take_class(pattern, "")) return false;
    if (kind == '\\') {
      if (pattern.empty()) return false;
      pattern.remove_prefix(1);
    }
  }
  return true;
}

S2iIgnore S2iIgnore::parse(std::string_view text, std::string_view what)
{
  S2iIgnore out;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const auto raw = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), raw.size() + 1));
    auto line = trimmed(raw);
    if (line.empty() || line.starts_with('#')) continue;
    const auto fail = [&](std::string_view why) {
      throw Error(Errc::bad_input, fmt::format("{}:{}: {} {}", what, number, printable(line), why));
    };
    Rule rule;
    rule.takes_back = line.starts_with('!');
    for (const auto part : split(rule.takes_back ? trimmed(line.substr(1)) : line)) {
      if (part == "..") {  // as Go's filepath.Clean
        if (rule.components.empty()) fail("leads out of the source; name what is in it");
        rule.components.pop_back();
        continue;
      }
      if (!is_go_pattern(part)) fail("is not a pattern: '[' without its ']', or '\\' at the end; write '\\[' for the character");
      rule.components.emplace_back(part);
    }
    out.rules_.push_back(std::move(rule));
  }
  return out;
}

S2iIgnore S2iIgnore::read(const std::filesystem::path& directory)
{
  const auto path = directory / s2i_ignore_file_name;
  std::error_code error;
  if (!std::filesystem::exists(path, error)) return {};
  return parse(read_small_file(path, s2i_ignore_limit_bytes), path.string());
}

bool S2iIgnore::names(const std::vector<std::string_view>& components, std::size_t count) const
{
  const auto matches = [&](const Rule& rule) {
    if (rule.components.size() != count) return false;
    for (std::size_t i = 0; i < count; ++i)
      if (!go_match(rule.components[i], components[i])) return false;
    return true;
  };
  const auto last = std::find_if(rules_.rbegin(), rules_.rend(), matches);
  return last != rules_.rend() && !last->takes_back;
}

bool S2iIgnore::leaves_out(std::string_view path) const
{
  const auto components = split(path);
  for (std::size_t count = 1; count <= components.size(); ++count)
    if (names(components, count)) return true;
  return false;
}

}  // namespace cairn::recipe
