// SPDX-License-Identifier: Apache-2.0
#include <cairn/python/record.hpp>

#include <cairn/base/error.hpp>
#include <cairn/io/hash.hpp>
#include <cairn/python/text.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace cairn::python {
namespace {

/// Python's csv "excel" dialect, one line.
std::vector<std::string> parse_line(std::string_view line, const std::string& what)
{
  std::vector<std::string> fields(1);
  for (std::size_t i = 0; i < line.size();) {
    if (line[i] == ',') {
      fields.emplace_back();
      ++i;
    } else if (line[i] == '"' && fields.back().empty()) {
      for (++i;; ++i) {
        if (i == line.size()) throw Error(Errc::bad_input, fmt::format("{}: a quote is not closed: {}", what, printable(line)));
        if (line[i] != '"') {
          fields.back() += line[i];
        } else if (i + 1 < line.size() && line[i + 1] == '"') {
          fields.back() += '"';
          ++i;
        } else {
          break;
        }
      }
      ++i;
    } else {
      fields.back() += line[i++];
    }
  }
  return fields;
}

std::string quoted(const std::string& field)
{
  if (field.find_first_of(",\"\r\n") == std::string::npos) return field;
  std::string text = "\"";
  for (const char c : field) {
    if (c == '"') text += '"';
    text += c;
  }
  return text + '"';
}

}  // namespace

std::vector<RecordRow> parse_record(std::string_view text, const std::string& what)
{
  std::vector<RecordRow> rows;
  for (const auto line : split_lines(text)) {
    if (line.empty()) continue;
    auto fields = parse_line(line, what);
    fields.resize(std::max<std::size_t>(fields.size(), 3));
    rows.push_back({std::move(fields[0]), std::move(fields[1]), std::move(fields[2])});
  }
  return rows;
}

std::string record_text(std::vector<RecordRow> rows)
{
  std::ranges::sort(rows);
  std::string text;
  for (const auto& row : rows) text += quoted(row.path) + ',' + quoted(row.hash) + ',' + quoted(row.size) + "\r\n";
  return text;
}

std::string record_hash(std::string_view content)
{
  static constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const auto digest = sha256(content);
  std::string text = "sha256=";
  std::uint32_t bits = 0;
  int count = 0;
  for (const auto byte : digest.bytes()) {
    bits = bits << 8 | std::to_integer<std::uint32_t>(byte);
    for (count += 8; count >= 6; count -= 6) text += digits[bits >> (count - 6) & 63];
  }
  if (count > 0) text += digits[bits << (6 - count) & 63];
  return text;
}

}  // namespace cairn::python
