// SPDX-License-Identifier: Apache-2.0
#include <cairn/python/entry_point.hpp>

#include <cairn/base/error.hpp>
#include <cairn/python/text.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace cairn::python {
namespace {

constexpr std::size_t shebang_limit_bytes = 127;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_word(char c)
{
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}

/// Name and value in the order of the file, a later one of the same name in the place of the first.
using Pairs = std::vector<std::pair<std::string, std::string>>;

void set(Pairs& pairs, std::string name, std::string value)
{
  const auto found = std::ranges::find(pairs, name, &Pairs::value_type::first);
  if (found != pairs.end()) found->second = std::move(value);
  else pairs.emplace_back(std::move(name), std::move(value));
}

std::map<std::string, Pairs> parse_sections(std::string_view text, const std::string& what)
{
  std::map<std::string, Pairs> sections;
  std::string section;
  for (const auto raw : split_lines(text)) {
    const auto line = trim(raw);
    if (line.empty() || line.front() == '#') continue;
    if (line.front() == '[' && line.back() == ']') {
      section = line.substr(1, line.size() - 2);
      continue;
    }
    if (section != "console_scripts" && section != "gui_scripts") continue;  // other groups are the project's business
    const auto equals = line.find('=');
    if (equals == std::string_view::npos) throw Error(Errc::bad_input, fmt::format("{}: {} is no 'name = value'", what, printable(line)));
    set(sections[section], std::string(trim(line.substr(0, equals))), std::string(trim(line.substr(equals + 1))));
  }
  return sections;
}

/// `python`, `python3`, `python3.12`, and the same with `w`.
bool is_interpreter(std::string_view name)
{
  if (!name.starts_with("python")) return false;
  name.remove_prefix(6);
  if (name.starts_with('w')) name.remove_prefix(1);
  return std::ranges::all_of(name, [](char c) { return is_digit(c) || c == '.'; });
}

void check_name(const std::string& name, const std::string& what)
{
  const auto bad = [&](std::string_view why) {
    throw Error(Errc::bad_input, fmt::format("{}: entry point {}: {}", what, printable(name), why));
  };
  if (name.empty()) bad("has no name");
  if (name.find('/') != std::string::npos || name.find('\\') != std::string::npos || name == "." || name == "..")
    bad("leads out of the directory of scripts");
  if (!is_utf8(name) || std::ranges::any_of(name, [](unsigned char c) { return c < 0x20 || c == 0x7F; })) bad("is no file name");
  if (name.size() > 255 || name.starts_with(".wh.")) bad("is no file name that a layer can hold");
  if (is_interpreter(name)) bad("would replace the interpreter");
}

EntryPoint parse_value(const std::string& name, std::string_view value, const std::string& what)
{
  // Words with '.' and one ':' between them; extras in brackets behind are ignored.
  std::size_t end = 0;
  while (end < value.size() && (is_word(value[end]) ||
                                (end > 0 && (value[end] == '.' || value[end] == ':') && end + 1 < value.size() && is_word(value[end + 1]))))
    ++end;
  const auto callable = value.substr(0, end);
  const auto parts = split(callable, ':');
  if (parts.size() != 2 || parts[0].empty() || parts[1].empty())
    throw Error(Errc::bad_input, fmt::format("{}: entry point {} = {}: names no callable; expected 'module:function'", what,
                                             printable(name), printable(value)));
  return {name, std::string(parts[0]), std::string(parts[1])};
}

/// `pip`, `pip3`, `pip3.11`: pip's own names give way to those of the target.
void rename_pip(Pairs& console, const Target& target)
{
  const auto take = [&](std::string_view name) -> std::optional<std::string> {
    const auto found = std::ranges::find(console, name, &Pairs::value_type::first);
    if (found == console.end()) return std::nullopt;
    auto value = found->second;
    console.erase(found);
    return value;
  };
  Pairs generated;
  if (const auto value = take("pip")) {
    generated.emplace_back("pip", *value);
    generated.emplace_back(fmt::format("pip{}", target.major), *value);
    generated.emplace_back("pip" + target.python(), *value);
    std::erase_if(console, [](const auto& one) {
      auto rest = std::string_view(one.first);
      if (!rest.starts_with("pip")) return false;
      rest.remove_prefix(3);
      const auto parts = split(rest, '.');
      return parts.size() <= 2 &&
             std::ranges::all_of(parts, [](auto part) { return !part.empty() && std::ranges::all_of(part, is_digit); });
    });
  }
  if (const auto value = take("easy_install")) {
    generated.emplace_back("easy_install", *value);
    generated.emplace_back("easy_install-" + target.python(), *value);
    std::erase_if(console, [](const auto& one) { return one.first.starts_with("easy_install-"); });
  }
  console.insert(console.begin(), generated.begin(), generated.end());
}

}  // namespace

std::vector<EntryPoint> script_entry_points(std::string_view text, const Target& target, const std::string& what)
{
  auto sections = parse_sections(text, what);
  rename_pip(sections["console_scripts"], target);
  std::vector<EntryPoint> entries;
  for (const auto* section : {"console_scripts", "gui_scripts"})
    for (const auto& [name, value] : sections[section]) {
      check_name(name, what);
      entries.push_back(parse_value(name, value, what));
    }
  return entries;
}

std::string shebang(const std::string& interpreter)
{
  const bool has_space = interpreter.find(' ') != std::string::npos;
  if (!has_space && interpreter.size() + 3 <= shebang_limit_bytes) return "#!" + interpreter + "\n";
  return fmt::format("#!/bin/sh\n'''exec' {} \"$0\" \"$@\"\n' '''\n", has_space ? "\"" + interpreter + "\"" : interpreter);
}

std::string script_text(const EntryPoint& entry, const std::string& interpreter, const PipVersion& pip)
{
  const auto import = entry.attribute.substr(0, entry.attribute.find('.'));
  if (pip >= PipVersion{26, 0})
    return fmt::format(
        "{}import sys\nfrom {} import {}\nif __name__ == '__main__':\n    sys.argv[0] = sys.argv[0].removesuffix('.exe')\n    "
        "sys.exit({}())\n",
        shebang(interpreter), entry.module, import, entry.attribute);
  if (pip >= PipVersion{25, 2})
    return fmt::format(
        "{}import sys\nfrom {} import {}\nif __name__ == '__main__':\n    if sys.argv[0].endswith('.exe'):\n        sys.argv[0] = "
        "sys.argv[0][:-4]\n"
        "    sys.exit({}())\n",
        shebang(interpreter), entry.module, import, entry.attribute);
  return fmt::format(
      "{}# -*- coding: utf-8 -*-\nimport re\nimport sys\nfrom {} import {}\nif __name__ == '__main__':\n"
      "    sys.argv[0] = re.sub(r'(-script\\.pyw|\\.exe)?$', '', sys.argv[0])\n    sys.exit({}())\n",
      shebang(interpreter), entry.module, import, entry.attribute);
}

}  // namespace cairn::python
