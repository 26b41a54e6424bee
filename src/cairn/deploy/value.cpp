// SPDX-License-Identifier: Apache-2.0
#include <cairn/deploy/value.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

namespace cairn::deploy {
namespace {

/// Whether every reader takes `text`, unquoted, for this text.
bool is_plain(std::string_view text)
{
  if (text.empty() || text.back() == ' ' || text.back() == ':') return false;
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  if (!letter(text.front()) && text.front() != '/' && text.front() != '.') return false;
  if (text.front() == '.' && (text.size() < 2 || (!letter(text[1]) && text[1] != '/'))) return false;
  static constexpr std::array words{"true", "false", "yes", "no", "on", "off", "y", "n", "null", ".inf", ".nan"};
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (std::ranges::find(words, lower) != words.end()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool good = letter(c) || (c >= '0' && c <= '9') || std::string_view("_./@+=()$;~ -,").contains(c) ||
                      (c == ':' && i + 1 < text.size() && text[i + 1] != ' ');
    if (!good) return false;
  }
  return true;
}

bool is_block(std::string_view text)
{
  return text.contains('\n') && text.front() != ' ' && text.front() != '\n' &&
         std::ranges::none_of(text, [](char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\n') || c == 0x7f; });
}

std::string quoted(std::string_view text)
{
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (c == '\n') out += "\\n";
    else if (c == '\t') out += "\\t";
    else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    else out += c;
  }
  return out + '"';
}

/// JSON reads best in single quotes.
std::string scalar(std::string_view text)
{
  if (is_plain(text)) return std::string(text);
  const bool simple = text.contains('"') &&
                      std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == '\'' || c == 0x7f; });
  return simple ? fmt::format("'{}'", text) : quoted(text);
}

struct Writer {
  std::string out;

  void indent(std::size_t depth) { out.append(2 * depth, ' '); }

  void block(std::string_view text, std::size_t depth)
  {
    std::size_t trailing = 0;
    while (trailing < text.size() && text[text.size() - 1 - trailing] == '\n') ++trailing;
    out += trailing == 0 ? "|-\n" : trailing == 1 ? "|\n" : "|+\n";
    if (trailing > 0) text.remove_suffix(1);
    for (std::size_t at = 0; at <= text.size();) {
      const auto end = std::min(text.find('\n', at), text.size());
      if (end > at) indent(depth);
      out += text.substr(at, end - at);
      out += '\n';
      at = end + 1;
    }
  }

  /// What stands behind `key:` or `-`; its own lines are indented by `depth`.
  void write_after(const Value& value, std::size_t depth, bool in_list)
  {
    struct Visitor {
      Writer& writer;
      std::size_t depth;
      bool in_list;
      void operator()(bool flag) const { writer.out += flag ? " true\n" : " false\n"; }
      void operator()(std::int64_t number) const { writer.out += fmt::format(" {}\n", number); }
      void operator()(const std::string& text) const
      {
        writer.out += ' ';
        if (is_block(text)) writer.block(text, depth);
        else writer.out += scalar(text) + '\n';
      }
      void operator()(const List& list) const
      {
        if (list.empty()) {
          writer.out += " []\n";
          return;
        }
        writer.out += '\n';
        writer.list(list, in_list ? depth : depth - 1);
      }
      void operator()(const Map& map) const
      {
        if (map.empty()) {
          writer.out += " {}\n";
          return;
        }
        if (in_list) writer.out += ' ';
        else writer.out += '\n';
        writer.map(map, depth, in_list);
      }
    };
    std::visit(Visitor{*this, depth, in_list}, value.what);
  }

  void list(const List& list, std::size_t depth)
  {
    for (const auto& one : list) {
      indent(depth);
      out += '-';
      write_after(one, depth + 1, true);
    }
  }

  void map(const Map& map, std::size_t depth, bool first_is_begun)
  {
    for (const auto& [key, value] : map) {
      if (!first_is_begun) indent(depth);
      first_is_begun = false;
      out += scalar(key) + ':';
      write_after(value, depth + 1, false);
    }
  }
};

}  // namespace

Value& member(Map& map, std::string_view key)
{
  const auto found = std::ranges::find(map, key, [](const auto& one) { return std::string_view(one.first); });
  if (found != map.end()) return found->second;
  return map.emplace_back(std::string(key), Map{}).second;
}

std::string yaml(const Value& value)
{
  Writer writer;
  if (const auto* map = std::get_if<Map>(&value.what); map != nullptr && !map->empty()) {
    writer.map(*map, 0, false);
  } else if (const auto* list = std::get_if<List>(&value.what); list != nullptr && !list->empty()) {
    writer.list(*list, 0);
  } else {
    writer.write_after(value, 0, false);
    writer.out.erase(0, 1);
  }
  return writer.out;
}

}  // namespace cairn::deploy
