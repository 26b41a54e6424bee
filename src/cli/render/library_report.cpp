// SPDX-License-Identifier: Apache-2.0
#include <cli/render/library_report.hpp>

#include <cli/render/text.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cassert>
#include <string_view>

namespace cairn::cli {
namespace {

using library::Document;
using library::UnitInfo;

constexpr std::size_t description_columns = 80;  // the rest is in `show` and --json

/// With one space for each run of white space.
std::string on_one_line(std::string_view text)
{
  std::string out;
  for (const char c : text) {
    const bool space = c == ' ' || (c >= '\t' && c <= '\r');
    if (!space) out += c;
    else if (!out.empty() && out.back() != ' ') out += ' ';
  }
  return out;
}

/// Index among the image's layers; 0 is the lowest.
std::size_t layer_number(const Document& document, const UnitInfo& unit)
{
  const auto place = document.find(unit.name);
  assert(place);  // each unit has exactly one live fragment (Document::parse)
  return place->layer;
}

std::vector<std::string> needed_by(const Document& document, const UnitInfo& unit)
{
  std::vector<std::string> names;
  for (const auto& other : document.units) {
    if (std::ranges::find(other.dependencies, unit.name) != other.dependencies.end()) names.push_back(other.name);
  }
  return names;
}

void write_module(oci::JsonWriter& json, const library::ModuleInfo& module)
{
  json.begin_object().member("name", module.name).member("path", module.path).member("hidden", module.hidden);
  json.member_unless_empty("description", module.description).member_unless_empty("url", module.url);
  json.member_unless_empty("category", module.category).member_unless_empty("extensions", module.extensions).end_object();
}

void write_size(oci::JsonWriter& json, const Document& document, const UnitInfo& unit)
{
  json.member("content_bytes", unit.content_bytes).member("packed_bytes", fragment_of(document, unit).packed_bytes);
  json.member("layer", layer_number(document, unit));
}

}  // namespace

const library::FragmentInfo& fragment_of(const Document& document, const UnitInfo& unit)
{
  const auto place = document.find(unit.name);
  assert(place);
  return document.layers[place->layer].fragments[place->fragment];
}

Table modules_table(const Document& document)
{
  Table table({{"MODULE"},
               {"UNIT", Align::left, Shrink::yes},
               {"SIZE", Align::right},
               {"LAYER", Align::right},
               {"", Align::left},
               {"DESCRIPTION", Align::left, Shrink::yes}});
  for (const auto& unit : document.units) {
    for (const auto& module : unit.modules) {
      table.add({module.name, unit.name, size_text(unit.content_bytes), fmt::format("{}", layer_number(document, unit)),
                 module.hidden ? "hidden" : "", fit(on_one_line(module.description), description_columns)});
    }
  }
  return table;
}

oci::JsonWriter modules_record(const Document& document)
{
  oci::JsonWriter json(oci::JsonStyle::readable);
  json.begin_object().member("target", document.target).begin_array("modules");
  for (const auto& unit : document.units) {
    for (const auto& module : unit.modules) {
      json.begin_object().member("name", module.name).member("unit", unit.name).member("description", module.description);
      json.member("hidden", module.hidden);
      write_size(json, document, unit);
      json.end_object();
    }
  }
  json.end_array().end_object();
  return json;
}

std::string unit_text(const Document& document, const UnitInfo& unit, std::size_t columns)
{
  std::string out;
  const auto add = [&](std::string_view title, std::string_view text) {
    if (!text.empty()) out += fmt::format("{:<14}{}\n", title, wrap(text, columns, 14));
  };
  add("unit", safe(unit.name));
  add("kind", name(unit.kind));
  for (const auto& module : unit.modules) {
    add("module", module.name + (module.hidden ? " (hidden)" : ""));
    add("description", module.description);
    add("url", module.url);
    add("category", module.category);
    add("extensions", fmt::format("{}", fmt::join(module.extensions, " ")));
    add("modulefile", safe(module.path));
  }
  add("needs", fmt::format("{}", fmt::join(unit.dependencies, " ")));
  add("missing", fmt::format("{}", fmt::join(unit.missing, " ")));
  add("needed by", fmt::format("{}", fmt::join(needed_by(document, unit), " ")));
  const auto& fragment = fragment_of(document, unit);
  add("size", fmt::format("{} in {}, {} packed", size_text(unit.content_bytes), count_text(unit.files, "file", "files"),
                          size_text(fragment.packed_bytes)));
  const auto number = layer_number(document, unit);
  add("layer", fmt::format("{}", number));
  add("layer's blob", document.layers[number].digest.str());
  for (const auto& root : fragment.roots) add("path", safe(document.target + '/' + root.path));
  return out;
}

oci::JsonWriter unit_record(const Document& document, const UnitInfo& unit)
{
  oci::JsonWriter json(oci::JsonStyle::readable);
  json.begin_object().member("unit", unit.name).member("kind", name(unit.kind)).begin_array("modules");
  for (const auto& module : unit.modules) write_module(json, module);
  json.end_array().member("dependencies", unit.dependencies).member("missing", unit.missing).member("needed_by", needed_by(document, unit));
  json.member("files", unit.files);
  write_size(json, document, unit);
  json.member("layer_digest", document.layers[layer_number(document, unit)].digest).begin_array("roots");
  for (const auto& root : fragment_of(document, unit).roots) json.value(root.path);
  json.end_array().end_object();
  return json;
}

Table closure_table(const Document& document, const std::vector<std::string>& units)
{
  Table table({{"UNIT"}, {"SIZE", Align::right}, {"PACKED", Align::right}, {"LAYER", Align::right}});
  for (const auto& name : units) {
    const auto& unit = *document.unit(name);
    table.add({name, size_text(unit.content_bytes), size_text(fragment_of(document, unit).packed_bytes),
               fmt::format("{}", layer_number(document, unit))});
  }
  return table;
}

oci::JsonWriter closure_record(const Document& document, const std::vector<std::string>& units)
{
  oci::JsonWriter json(oci::JsonStyle::readable);
  std::uint64_t content_bytes = 0;
  std::uint64_t packed_bytes = 0;
  json.begin_object().begin_array("units");
  for (const auto& name : units) {
    const auto& unit = *document.unit(name);
    content_bytes += unit.content_bytes;
    packed_bytes += fragment_of(document, unit).packed_bytes;
    json.begin_object().member("name", name);
    write_size(json, document, unit);
    json.end_object();
  }
  json.end_array().member("content_bytes", content_bytes).member("packed_bytes", packed_bytes).end_object();
  return json;
}

Table units_table(const Document& document)
{
  Table table({{"UNIT", Align::left, Shrink::yes},
               {"KIND"},
               {"MODULES", Align::right},
               {"FILES", Align::right},
               {"SIZE", Align::right},
               {"PACKED", Align::right},
               {"LAYER", Align::right}});
  for (const auto& unit : document.units) {
    table.add({unit.name, std::string(name(unit.kind)), fmt::format("{}", unit.modules.size()), fmt::format("{}", unit.files),
               size_text(unit.content_bytes), size_text(fragment_of(document, unit).packed_bytes),
               fmt::format("{}", layer_number(document, unit))});
  }
  return table;
}

void write_library(oci::JsonWriter& json, const Document& document)
{
  json.member("target", document.target).member("budget_layers", document.budget_layers).begin_array("units");
  for (const auto& unit : document.units) {
    json.begin_object().member("name", unit.name).member("kind", name(unit.kind)).member("files", unit.files);
    write_size(json, document, unit);
    json.begin_array("modules");
    for (const auto& module : unit.modules) json.value(module.name);
    json.end_array().member("dependencies", unit.dependencies).member_unless_empty("missing", unit.missing).end_object();
  }
  json.end_array().member("rest", document.rest).member("dropped", document.dropped);
}

}  // namespace cairn::cli
