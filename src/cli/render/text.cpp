// SPDX-License-Identifier: Apache-2.0
#include <cli/render/text.hpp>

#include <cairn/base/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace cairn::cli {
namespace {

struct Range {
  char32_t first, last;
};

// Unicode 15: combining marks and other characters without a column (the common blocks), and East Asian Wide and
// Fullwidth with emoji (UAX #11). A terminal's own table may differ for rare ones; a column is then a little off.
constexpr std::array no_columns = {
    Range{0x0300, 0x036f}, Range{0x0483, 0x0489}, Range{0x0591, 0x05bd},   Range{0x064b, 0x065f}, Range{0x093a, 0x093a},
    Range{0x0941, 0x0948}, Range{0x0e31, 0x0e31}, Range{0x0e34, 0x0e3a},   Range{0x0e47, 0x0e4e}, Range{0x1ab0, 0x1aff},
    Range{0x1dc0, 0x1dff}, Range{0x200b, 0x200f}, Range{0x2060, 0x2064},   Range{0x20d0, 0x20ff}, Range{0xfe00, 0xfe0f},
    Range{0xfe20, 0xfe2f}, Range{0xfeff, 0xfeff}, Range{0xe0100, 0xe01ef},
};
constexpr std::array two_columns = {
    Range{0x1100, 0x115f},   Range{0x231a, 0x231b},   Range{0x23e9, 0x23ec},   Range{0x2614, 0x2615},   Range{0x2705, 0x2705},
    Range{0x2728, 0x2728},   Range{0x274c, 0x274c},   Range{0x2e80, 0x303e},   Range{0x3041, 0x33ff},   Range{0x3400, 0x4dbf},
    Range{0x4e00, 0x9fff},   Range{0xa000, 0xa4cf},   Range{0xac00, 0xd7a3},   Range{0xf900, 0xfaff},   Range{0xfe30, 0xfe6f},
    Range{0xff00, 0xff60},   Range{0xffe0, 0xffe6},   Range{0x1f300, 0x1f64f}, Range{0x1f680, 0x1f6ff}, Range{0x1f900, 0x1f9ff},
    Range{0x1fa70, 0x1faff}, Range{0x20000, 0x3fffd},
};

template <std::size_t size>
bool in(const std::array<Range, size>& ranges, char32_t c)
{
  return std::ranges::any_of(ranges, [c](const Range& range) { return range.first <= c && c <= range.last; });
}

std::size_t columns_of(char32_t c)
{
  if (c < 0x300) return 1;
  if (in(no_columns, c)) return 0;
  return in(two_columns, c) ? 2 : 1;
}

/// The first character of `text` (not empty) and its length; a byte that is not UTF-8 counts as one character.
std::pair<char32_t, std::size_t> first(std::string_view text)
{
  const auto lead = static_cast<unsigned char>(text.front());
  const std::size_t length = lead < 0xc0 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  if (length == 1 || length > text.size()) return {lead < 0x80 ? lead : U'?', 1};
  char32_t value = lead & (0xffu >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) value = value << 6 | (static_cast<unsigned char>(text[i]) & 0x3fu);
  return {value, length};
}

}  // namespace

std::size_t width(std::string_view text)
{
  std::size_t columns = 0;
  while (!text.empty()) {
    const auto [c, length] = first(text);
    columns += columns_of(c);
    text.remove_prefix(length);
  }
  return columns;
}

std::string fit(std::string_view text, std::size_t columns)
{
  if (width(text) <= columns) return std::string(text);
  if (columns == 0) return {};
  std::size_t taken = 0;
  std::size_t used = 0;
  while (taken < text.size()) {
    const auto [c, length] = first(text.substr(taken));
    if (used + columns_of(c) > columns - 1) break;
    used += columns_of(c);
    taken += length;
  }
  return std::string(text.substr(0, taken)) + "…";
}

std::string wrap(std::string_view text, std::size_t columns, std::size_t indent)
{
  std::string out;
  const std::string margin(indent, ' ');
  bool first_line = true;
  while (!text.empty()) {
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (!first_line) out += '\n';
    if (!line.empty() && !first_line) out += margin;
    first_line = false;
    if (line.starts_with(' ')) {
      out += line;
      continue;
    }
    auto rest = line;
    std::size_t used = 0;
    while (!rest.empty()) {
      const auto word = rest.substr(0, rest.find(' '));
      rest.remove_prefix(std::min(rest.size(), word.size() + 1));
      const auto needed = width(word);
      if (used != 0 && indent + used + 1 + needed > columns) {
        out += '\n' + margin;
        used = 0;
      }
      if (used != 0) out += ' ';
      out += word;
      used += needed + (used != 0 ? 1 : 0);
    }
  }
  return out;
}

std::string safe(std::string_view name)
{
  const auto quoted = printable(name);
  std::string out;
  for (std::size_t i = 1; i + 1 < quoted.size(); ++i) {
    if (quoted[i] == '\\' && quoted[i + 1] == '\'') continue;  // no quotes around it, so none to protect
    out += quoted[i];
  }
  return out;
}

std::string short_digest(const Digest& digest) { return "sha256:" + digest.hex().substr(0, 12); }

std::string size_text(std::uint64_t bytes)
{
  if (bytes < 1024) return fmt::format("{} B", bytes);
  constexpr std::array units = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  auto value = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  while (value >= 1023.5 && unit + 1 < units.size()) {  // what would print as 1024 is one of the next unit
    value /= 1024;
    ++unit;
  }
  return value < 9.95 ? fmt::format("{:.1f} {}", value, units[unit]) : fmt::format("{:.0f} {}", value, units[unit]);
}

std::string duration_text(std::chrono::nanoseconds time)
{
  const auto seconds = std::chrono::duration<double>(time).count();
  if (seconds < 0.0995) return fmt::format("{:.0f} ms", seconds * 1000);
  if (seconds < 9.95) return fmt::format("{:.{}f} s", seconds, seconds < 0.995 ? 2 : 1);
  const auto whole = static_cast<std::uint64_t>(std::llround(seconds));
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{} min {:02} s", whole / 60, whole % 60);
  return fmt::format("{} h {:02} min", whole / 3600, whole % 3600 / 60);
}

std::string count_text(std::uint64_t count, std::string_view one, std::string_view many)
{
  return fmt::format("{} {}", count, count == 1 ? one : many);
}

}  // namespace cairn::cli
