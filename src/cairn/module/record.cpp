// SPDX-License-Identifier: Apache-2.0
#include <cairn/module/record.hpp>

#include <cairn/base/error.hpp>
#include <cairn/module/regular_path.hpp>

#include <algorithm>
#include <array>

namespace cairn::module {
namespace {

constexpr std::size_t line_limit = 500;

Dependency::Kind kind_of(const std::string& word)
{
  if (word == "load") return Dependency::Kind::load;
  if (word == "try_load") return Dependency::Kind::try_load;
  if (word == "prereq") return Dependency::Kind::prereq;
  if (word == "conflict") return Dependency::Kind::conflict;
  return Dependency::Kind::depends_on;
}

/// Alternating values of a list, as pairs.
std::vector<std::pair<std::string, std::string>> pairs_of(const Value* value)
{
  std::vector<std::pair<std::string, std::string>> out;
  auto flat = strings_of(value);
  for (std::size_t i = 0; i + 1 < flat.size(); i += 2) out.emplace_back(std::move(flat[i]), std::move(flat[i + 1]));
  return out;
}

/// What goes into a spider cache entry, of all that was said.
Table cached_part(const Table& said)
{
  Table out;
  if (const auto* fields = find(said, "fields"))
    if (const auto* table = std::get_if<Table>(&fields->data)) out = *table;
  for (const char* key : {"help", "family", "whatis", "provides", "propT"})
    if (const auto* value = find(said, key)) out.emplace(key, *value);
  for (const char* key : {"pathA", "lpathA", "dirA"}) {
    const auto* list = find(said, key);
    if (list == nullptr) continue;
    Table set;
    for (auto& path : strings_of(list)) set.emplace(std::move(path), std::int64_t{1});
    out.emplace(key, std::move(set));
  }
  return out;
}

std::vector<std::string> without_repeats(std::vector<std::string> list)
{
  std::vector<std::string> out;
  for (auto& text : list) {
    text = one_line(text);
    if (std::ranges::find(out, text) == out.end()) out.push_back(std::move(text));
  }
  return out;
}

/// The value that a line of the source gives to a variable `root`: `local root = "…"` or `set root …`.
std::optional<std::string> written_root(Language language, std::string_view text)
{
  while (!text.empty()) {
    const auto end = text.find('\n');
    auto line = trimmed(text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    const auto words = language == Language::lua ? std::array<std::string_view, 3>{"local", "root", "="} : std::array<std::string_view, 3>{"set", "root", ""};
    const bool all = std::ranges::all_of(words, [&](std::string_view word) {
      if (!line.starts_with(word)) return false;
      const bool apart = word.empty() || word == "=" || line.size() == word.size() || line[word.size()] == ' ' || line[word.size()] == '\t' || line[word.size()] == '=';
      line = trimmed(line.substr(word.size()));
      return apart;
    });
    if (!all || line.empty()) continue;
    const char open = line.front();
    const char close = open == '{' ? '}' : open;
    const bool quoted = open == '"' || open == '\'' || open == '{';
    const auto value = quoted ? line.substr(1, line.find(close, 1) - 1) : line.substr(0, line.find_first_of(" \t;"));
    if (value.starts_with('/')) return std::string(value);
  }
  return std::nullopt;
}

}  // namespace

std::string one_line(std::string_view text)
{
  auto line = printable(text.substr(0, line_limit));
  return line.substr(1, line.size() - 2);
}

Record record_of(const Script& script, Answer answer)
{
  const auto& said = answer.said;
  Record out;
  out.cached = cached_part(said);
  out.modulepaths = strings_of(find(said, "modulepaths"));
  for (auto& [kind, name] : pairs_of(find(said, "dependencies"))) out.dependencies.push_back({kind_of(kind), std::move(name)});
  out.variables = pairs_of(find(said, "values"));
  out.extensions = strings_of(find(said, "provides"));
  const auto is_root = [](const auto& variable) { return variable.first.starts_with("EBROOT") && variable.second.starts_with('/'); };
  if (const auto at = std::ranges::find_if(out.variables, is_root); at != out.variables.end()) out.root = at->second;
  else out.root = written_root(script.language, script.text);
  out.impure = without_repeats(std::move(answer.impure));
  if (answer.error) out.error = one_line(*answer.error);
  return out;
}

}  // namespace cairn::module
