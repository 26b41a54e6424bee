// SPDX-License-Identifier: Apache-2.0
#include <cairn/module/rc_file.hpp>

#include <cairn/base/error.hpp>
#include <cairn/module/record.hpp>

#include <fmt/format.h>

namespace cairn::module {
namespace {

constexpr int resolve_limit = 100;

std::string text_of(const Table& table, const std::string& key) { return string_at(table, key).value_or(""); }

std::optional<Directive::Kind> kind_of(const std::string& word)
{
  if (word == "module_version") return Directive::Kind::module_version;
  if (word == "module_alias") return Directive::Kind::module_alias;
  if (word == "hide" || word == "hide_version" || word == "hide_modulefile") return Directive::Kind::hide;
  if (word == "set_default_version") return Directive::Kind::set_default;
  return std::nullopt;
}

/// The list `list` of directive tables; the two languages name their fields differently.
std::vector<Directive> directives_of(const Value* list)
{
  std::vector<Directive> out;
  const auto* items = list ? std::get_if<List>(&list->data) : nullptr;
  if (items == nullptr) return out;
  for (const auto& item : *items) {
    const auto* table = std::get_if<Table>(&item.data);
    const auto kind = table ? kind_of(text_of(*table, "kind")) : std::nullopt;
    if (!kind) continue;
    Directive directive{*kind, text_of(*table, "name"), text_of(*table, "target"), strings_of(find(*table, "versions"))};
    if (find(*table, "module_name")) directive.name = text_of(*table, "module_name");
    if (find(*table, "version")) directive.name = text_of(*table, "version");
    if (find(*table, "module_versionA")) directive.versions = strings_of(find(*table, "module_versionA"));
    if (find(*table, "mfile")) (*kind == Directive::Kind::hide ? directive.name : directive.target) = text_of(*table, "mfile");
    out.push_back(std::move(directive));
  }
  return out;
}

const std::string* look_up(const std::vector<const RcTables*>& tables, std::map<std::string, std::string> RcTables::*which, const std::string& name)
{
  for (const auto* table : tables)
    if (const auto found = (table->*which).find(name); found != (table->*which).end()) return &found->second;
  return nullptr;
}

}  // namespace

RcFile rc_file_of(Language language, const Answer& answer, const std::string& shown)
{
  RcFile out;
  const bool keeps = language == Language::lua || !answer.error;
  if (keeps) out.directives = directives_of(find(answer.said, language == Language::lua ? "directives" : "ModA"));
  out.impure = answer.impure;
  if (answer.error) out.error = fmt::format("{}: {}", printable(shown), one_line(*answer.error));
  return out;
}

std::string resolved(const std::vector<const RcTables*>& tables, std::string name)
{
  for (int step = 0; step < resolve_limit; ++step) {
    if (const auto* target = look_up(tables, &RcTables::alias2mod, name)) name = *target;
    const auto* target = look_up(tables, &RcTables::version2mod, name);
    if (target == nullptr) break;
    name = *target;
  }
  return name;
}

std::optional<std::string> apply(const std::vector<Directive>& directives, const std::optional<std::string>& directory, RcTables& tables,
                                 const std::function<void(const std::string&)>& clash)
{
  std::optional<std::string> marked;
  const auto full = [&](const std::string& name) {
    if (!name.starts_with('/')) return name;
    if (!directory) throw Error(Errc::bad_input, fmt::format("{} starts with a slash, but the file is in no module's directory", printable(name)));
    return *directory + name;
  };
  const auto store = [&](std::map<std::string, std::string>& table, const std::string& key, const std::string& value) {
    const auto [at, fresh] = table.try_emplace(key, value);
    if (fresh) return;
    if (at->second != value) clash(key);
    at->second = value;
  };
  for (const auto& directive : directives) {
    switch (directive.kind) {
      case Directive::Kind::module_version: {
        const auto name = resolved({&tables}, full(directive.name));
        const auto slash = name.rfind('/');
        for (const auto& version : directive.versions) {
          if (version == "default") marked = name;
          else if (slash != std::string::npos) store(tables.version2mod, fmt::format("{}/{}", name.substr(0, slash), version), name);
        }
        break;
      }
      case Directive::Kind::module_alias: store(tables.alias2mod, full(directive.name), directive.target); break;
      case Directive::Kind::hide: tables.hidden[directive.name] = true; break;
      case Directive::Kind::set_default: marked = directive.name; break;
    }
  }
  return marked;
}

}  // namespace cairn::module
