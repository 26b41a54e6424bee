// SPDX-License-Identifier: Apache-2.0
#include <cairn/module/value.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace cairn::module {
namespace {

constexpr std::size_t line_width = 80;
constexpr std::size_t lmod_bracket_levels = 9;

constexpr std::array<std::string_view, 22> keywords = {"and",      "break",  "do",   "else", "elseif", "end",  "false", "for",
                                                       "function", "goto",   "if",   "in",   "local",  "nil",  "not",   "or",
                                                       "repeat",   "return", "then", "true", "until",  "while"};

void replace_all(std::string& text, std::string_view from, std::string_view to)
{
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) text.replace(at, from.size(), to);
}

bool is_bare(std::string_view key)
{
  const auto word = [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_'; };
  return std::ranges::all_of(key, word) && !(!key.empty() && key.front() >= '0' && key.front() <= '9') && !key.empty() &&
         std::ranges::find(keywords, key) == keywords.end();
}

std::string key_text(std::string_view key)
{
  if (is_bare(key)) return std::string(key);
  std::string escaped(key);
  if (key.find_first_of("\"\\\n\r") != std::string_view::npos) {
    replace_all(escaped, "\\", "\\\\");
    replace_all(escaped, "\"", "\\\"");
    replace_all(escaped, "\n", "\\n");
    replace_all(escaped, "\r", "\\r");
  }
  return fmt::format("[\"{}\"]", escaped);
}

/// `text` between the lowest long brackets that Lmod would take, or the next that hold it.
std::string in_long_brackets(const std::string& text)
{
  const auto loads = [&](const std::string& closer) { return (text + closer).find(closer) == text.size(); };
  for (std::size_t level = 0;; ++level) {
    const std::string signs(level, '=');
    const auto opener = "[" + signs + "[";
    const auto closer = "]" + signs + "]";
    if (level < lmod_bracket_levels && text.find(opener) != std::string::npos) continue;
    if (loads(closer)) return opener + text + closer;
  }
}

std::string string_text(std::string text)
{
  replace_all(text, "\\", "\\\\");
  if (text.find('\n') != std::string::npos) return in_long_brackets(text);
  replace_all(text, "\"", "\\\"");
  replace_all(text, "\r", "\\r");
  return '"' + text + '"';
}

std::string scalar_text(const Value& value)
{
  if (const auto* truth = std::get_if<bool>(&value.data)) return *truth ? "true" : "false";
  if (const auto* number = std::get_if<std::int64_t>(&value.data)) return std::to_string(*number);
  return string_text(std::get<std::string>(value.data));
}

bool is_table(const Value& value) { return std::holds_alternative<List>(value.data) || std::holds_alternative<Table>(value.data); }

/// The items of a list without tables. Lmod puts the line break before the comma that precedes a too long item.
std::string items_text(const List& list, const std::string& indent)
{
  std::string out = indent;
  auto width = indent.size();
  std::size_t before = 0;  // where the separator in front of the current item starts
  for (std::size_t i = 0; i + 1 < list.size(); ++i) {
    const auto item = scalar_text(list[i]);
    out += item;
    const auto after = out.size();
    out += ", ";
    width += item.size() + 2;
    auto next = after;
    if (width > line_width) {
      out.insert(before, "\n" + indent);
      next += 1 + indent.size();
      width = item.size() + 2 + indent.size();
    }
    before = next;
  }
  if (!list.empty()) out += scalar_text(list.back()) + ",\n";
  return out;
}

void append(std::string& out, const std::string& head, const Value& value, std::size_t indent, Place place)
{
  const auto* list = std::get_if<List>(&value.data);
  const auto* table = std::get_if<Table>(&value.data);
  const std::string end = place == Place::top ? "}\n" : "},\n";
  const std::string blanks(indent, ' ');
  const std::string inner(indent + 2, ' ');
  out += blanks + head + "{";
  if ((list && list->empty()) || (table && table->empty())) {
    out += end;
    return;
  }
  out += '\n';
  if (list) {
    if (std::ranges::none_of(*list, is_table)) {
      out += items_text(*list, inner);
    } else {
      for (const auto& item : *list) {
        if (is_table(item)) append(out, "", item, indent + 2, Place::nested);
        else out += inner + scalar_text(item) + ",\n";
      }
    }
  } else {
    bool any = false;
    for (const auto& [key, item] : *table) {
      if (key.starts_with("__")) continue;
      any = true;
      const auto name = key_text(key) + " = ";
      if (is_table(item)) append(out, name, item, indent + 2, Place::nested);
      else out += inner + name + scalar_text(item) + ",\n";
    }
    if (!any) out += inner;
  }
  out += blanks + end;
}

}  // namespace

std::string serialized(std::string_view key, const Value& value, std::size_t indent, Place place)
{
  std::string out;
  append(out, key_text(key) + " = ", value, indent, place);
  return out;
}

void append_around(std::string& out, std::string_view key, std::size_t indent, Place place, const std::function<void(std::string&)>& body)
{
  out.append(indent, ' ');
  out += key_text(key);
  out += " = {";
  const auto empty = out.size();
  out += '\n';
  const auto begin = out.size();
  body(out);
  if (out.size() == begin) out.resize(empty);
  else out.append(indent, ' ');
  out += place == Place::top ? "}\n" : "},\n";
}

}  // namespace cairn::module
