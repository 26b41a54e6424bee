// SPDX-License-Identifier: Apache-2.0
#include <cairn/python/marker.hpp>

#include <cairn/base/error.hpp>
#include <cairn/python/specifier.hpp>
#include <cairn/python/text.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace cairn::python {
namespace {

/// Parentheses may lie this deep.
constexpr std::size_t depth_limit = 64;

constexpr std::array<std::string_view, 15> variable_names{"python_version",
                                                          "python_full_version",
                                                          "os_name",
                                                          "sys_platform",
                                                          "platform_release",
                                                          "platform_system",
                                                          "platform_version",
                                                          "platform_machine",
                                                          "platform_python_implementation",
                                                          "python_implementation",
                                                          "implementation_name",
                                                          "implementation_version",
                                                          "extra",
                                                          "extras",
                                                          "dependency_groups"};

/// Compared as versions where the other side makes a valid clause.
constexpr std::array<std::string_view, 4> version_names{"python_version", "python_full_version", "implementation_version",
                                                        "platform_release"};

bool is_word(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; }

void append_utf8(std::string& out, std::uint32_t code)
{
  const auto byte = [&](std::uint32_t value) { out += static_cast<char>(value); };
  if (code < 0x80) return byte(code);
  if (code < 0x800) {
    byte(0xC0 | code >> 6);
  } else if (code < 0x10000) {
    byte(0xE0 | code >> 12);
    byte(0x80 | (code >> 6 & 0x3F));
  } else {
    byte(0xF0 | code >> 18);
    byte(0x80 | (code >> 12 & 0x3F));
    byte(0x80 | (code >> 6 & 0x3F));
  }
  byte(0x80 | (code & 0x3F));
}

/// As Python reads a string literal of one line; false when it would not.
bool unescape(std::string_view text, std::string& out)
{
  static constexpr std::string_view names = "\\'\"abfnrtv";
  static constexpr std::string_view values = "\\'\"\a\b\f\n\r\t\v";
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n' || text[i] == '\r' || text[i] == '\0') return false;
    if (text[i] != '\\') {
      out += text[i];
      continue;
    }
    if (++i == text.size()) return false;
    const char c = text[i];
    if (const auto at = names.find(c); at != std::string_view::npos) {
      out += values[at];
    } else if (c == '\n') {
      continue;
    } else if (c >= '0' && c <= '7') {
      std::uint32_t code = 0;
      auto end = i;
      while (end < text.size() && end < i + 3 && text[end] >= '0' && text[end] <= '7')
        code = code * 8 + static_cast<std::uint32_t>(text[end++] - '0');
      append_utf8(out, code);
      i = end - 1;
    } else if (c == 'x' || c == 'u' || c == 'U') {
      const std::size_t digits = c == 'x' ? 2 : c == 'u' ? 4 : 8;
      const auto hex = text.substr(i + 1, digits);
      if (hex.size() != digits || hex.find_first_not_of("0123456789abcdefABCDEF") != std::string_view::npos) return false;
      const auto code = static_cast<std::uint32_t>(std::stoul(std::string(hex), nullptr, 16));
      if (code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) return false;
      append_utf8(out, code);
      i += digits;
    } else if (c == 'N') {
      return false;  // names of characters: Python knows them, markers have none
    } else {
      out += '\\';
      out += c;
    }
  }
  return true;
}

}  // namespace

class Marker::Parser {
public:
  explicit Parser(std::string_view text) : text_(text) {}

  Groups all()
  {
    auto groups = alternatives(0);
    if (at_ != text_.size()) fail("'and', 'or' or the end");
    return groups;
  }

private:
  [[noreturn]] void fail(std::string_view expected) const
  {
    throw Error(Errc::bad_input, fmt::format("marker {}: expected {} at column {}", printable(text_), expected, at_ + 1));
  }

  void blanks()
  {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
  }

  [[nodiscard]] bool at_word(std::string_view word) const
  {
    if (!text_.substr(at_).starts_with(word)) return false;
    const auto end = at_ + word.size();
    return (at_ == 0 || !is_word(text_[at_ - 1])) && (end == text_.size() || !is_word(text_[end]));
  }

  bool take_word(std::string_view word)
  {
    if (!at_word(word)) return false;
    at_ += word.size();
    return true;
  }

  Groups alternatives(std::size_t depth)
  {
    if (depth > depth_limit)
      throw Error(Errc::limit, fmt::format("marker {}: more than {} parentheses in one another", printable(text_), depth_limit));
    Groups groups(1);
    for (;;) {
      groups.back().push_back(atom(depth));
      if (take_word("or")) groups.emplace_back();
      else if (!take_word("and")) return groups;
    }
  }

  Node atom(std::size_t depth)
  {
    blanks();
    Node node;
    if (at_ < text_.size() && text_[at_] == '(') {
      ++at_;
      node.group = std::make_shared<const Groups>(alternatives(depth + 1));
      if (at_ == text_.size() || text_[at_] != ')') fail("')'");
      ++at_;
    } else {
      node.comparison.left = operand();
      node.comparison.op = op();
      node.comparison.right = operand();
    }
    blanks();
    return node;
  }

  Operand operand()
  {
    blanks();
    if (at_ < text_.size() && (text_[at_] == '\'' || text_[at_] == '"')) {
      const auto end = text_.find(text_[at_], at_ + 1);
      if (end == std::string_view::npos) fail("the closing quote");
      Operand literal;
      if (!unescape(text_.substr(at_ + 1, end - at_ - 1), literal.text)) fail("a string that Python would read");
      at_ = end + 1;
      blanks();
      return literal;
    }
    auto end = at_;
    while (end < text_.size() && (is_word(text_[end]) || text_[end] == '.')) ++end;
    std::string name(text_.substr(at_, end - at_));
    std::ranges::replace(name, '.', '_');
    if (std::ranges::find(variable_names, name) == variable_names.end() || !spelled(text_.substr(at_, end - at_)))
      fail("a marker variable or a quoted string");
    at_ = end;
    blanks();
    if (name == "python_implementation") name = "platform_python_implementation";
    return {name, true};
  }

  /// Old spellings have a dot; the others have none.
  static bool spelled(std::string_view name)
  {
    static constexpr std::array<std::string_view, 5> dotted{"os.name", "sys.platform", "platform.version", "platform.machine",
                                                            "platform.python_implementation"};
    return name.find('.') == std::string_view::npos || std::ranges::find(dotted, name) != dotted.end();
  }

  std::string op()
  {
    blanks();
    if (take_word("in")) return "in";
    if (take_word("not")) {
      const auto before = at_;
      blanks();
      if (at_ == before || !take_word("in")) fail("'in' after 'not'");
      return "not in";
    }
    for (const auto* symbol : {"===", "==", "~=", "!=", "<=", ">=", "<", ">"})
      if (text_.substr(at_).starts_with(symbol)) {
        at_ += std::string_view(symbol).size();
        return symbol;
      }
    fail("one of <=, <, !=, ==, >=, >, ~=, ===, in, not in");
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

Marker Marker::parse(std::string_view text)
{
  Marker marker;
  marker.text_ = text;
  marker.groups_ = std::make_shared<const Groups>(Parser(text).all());
  return marker;
}

bool Marker::holds(const MarkerEnvironment& environment) const { return holds(*groups_, environment, text_); }

bool Marker::holds(const Groups& groups, const MarkerEnvironment& environment, const std::string& text)
{
  const auto bad = [&](std::string_view why) { return Error(Errc::bad_input, fmt::format("marker {}: {}", printable(text), why)); };
  const auto lookup = [&](const std::string& name) -> const MarkerValue& {
    const auto found = environment.find(name);
    if (found == environment.end()) throw bad(fmt::format("'{}' is not known here", name));
    return found->second;
  };
  const auto compare = [&](const Comparison& comparison) {
    if (!comparison.left.is_variable && !comparison.right.is_variable) throw bad("compares two literals");
    const auto& key = comparison.left.is_variable ? comparison.left.text : comparison.right.text;
    const auto& value = lookup(key);
    if (const auto* names = std::get_if<std::set<std::string>>(&value)) {
      if (comparison.left.is_variable || comparison.op == "~=" || comparison.op == "===")
        throw bad(fmt::format("'{}' is a set: only \"'name' in {}\" has a meaning", key, key));
      if (comparison.op != "in" && comparison.op != "not in") return comparison.op == "!=";  // no text is a set
      const auto wanted = canonical_name(comparison.left.text);
      const bool is_there = std::ranges::any_of(*names, [&](const std::string& name) { return canonical_name(name) == wanted; });
      return is_there == (comparison.op == "in");
    }
    auto left = comparison.left.text;
    auto right = comparison.right.text;
    if (comparison.left.is_variable && comparison.right.is_variable) right = comparison.right.text;
    (comparison.left.is_variable ? left : right) = std::get<std::string>(value);
    if (key == "python_full_version" && std::get<std::string>(value).ends_with('+'))
      (comparison.left.is_variable ? left : right) += "local";
    if (key == "extra") {
      left = canonical_name(left);
      right = canonical_name(right);
    }
    if (std::ranges::find(version_names, key) != version_names.end())
      if (const auto specifier = Specifier::parse(comparison.op + right)) return specifier->contains(left);
    if (comparison.op == "in") return right.find(left) != std::string::npos;
    if (comparison.op == "not in") return right.find(left) == std::string::npos;
    if (comparison.op == "==" || comparison.op == "<=" || comparison.op == ">=") return left == right;
    if (comparison.op == "!=") return left != right;
    if (comparison.op == "<" || comparison.op == ">") return false;
    throw bad(fmt::format("'{}' has no meaning for {} and {}", comparison.op, printable(left), printable(right)));
  };
  // All of it is evaluated, as `packaging` does, so that what has no meaning is an error wherever it stands.
  bool any = false;
  for (const auto& group : groups) {
    bool every = true;
    for (const auto& node : group) every &= node.group ? holds(*node.group, environment, text) : compare(node.comparison);
    any |= every;
  }
  return any;
}

std::set<std::string> Marker::variables() const
{
  std::set<std::string> names;
  collect(*groups_, names);
  return names;
}

void Marker::collect(const Groups& groups, std::set<std::string>& names)
{
  for (const auto& group : groups)
    for (const auto& node : group) {
      if (node.group) {
        collect(*node.group, names);
        continue;
      }
      for (const auto* operand : {&node.comparison.left, &node.comparison.right})
        if (operand->is_variable) names.insert(operand->text);
    }
}

}  // namespace cairn::python
