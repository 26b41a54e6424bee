// SPDX-License-Identifier: Apache-2.0
#include <cli/render/preview_report.hpp>

#include <cli/render/text.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace cairn::cli {
namespace {

using library::UnitState;

std::vector<std::string> units_in(const library::SplitPreview& preview, UnitState state)
{
  std::vector<std::string> names;
  for (const auto& [name, of_unit] : preview.states)
    if (of_unit == state) names.push_back(name);
  return names;
}

}  // namespace

Table preview_table(const library::SplitPreview& preview)
{
  Table table({{"LAYER", Align::right},
               {"", Align::left},
               {"REASON"},
               {"CONTENT", Align::right},
               {"DEAD", Align::right},
               {"UNITS", Align::right},
               {"WHICH", Align::left, Shrink::yes}});
  for (std::size_t i = 0; i < preview.layers.size(); ++i) {
    const auto& layer = preview.layers[i];
    table.add({fmt::format("{}", i), layer.kept ? "kept" : "new", layer.reason ? std::string(name(*layer.reason)) : "-",
               size_text(layer.plain_bytes), size_text(layer.dead_bytes), fmt::format("{}", layer.units.size()),
               fmt::format("{}", fmt::join(layer.units, " "))});
  }
  return table;
}

std::vector<std::string> preview_summary(const library::SplitPreview& preview)
{
  std::uint64_t kept = 0;
  for (const auto& layer : preview.layers) kept += layer.kept ? 1 : 0;
  return {fmt::format("units: {} added, {} changed, {} kept, {} removed", units_in(preview, UnitState::added).size(),
                      units_in(preview, UnitState::changed).size(), units_in(preview, UnitState::kept).size(), preview.removed.size()),
          fmt::format("{} would be kept, {} made from {} before compression, of which {} are of units that are added or changed",
                      count_text(kept, "layer", "layers"), preview.layers.size() - kept, size_text(preview.written_plain_bytes),
                      size_text(preview.new_plain_bytes))};
}

oci::JsonWriter preview_record(const library::SplitPreview& preview)
{
  oci::JsonWriter json(oci::JsonStyle::readable);
  json.begin_object().begin_object("units").member("added", units_in(preview, UnitState::added));
  json.member("changed", units_in(preview, UnitState::changed)).member("kept", units_in(preview, UnitState::kept).size());
  json.member("removed", preview.removed).end_object().begin_array("layers");
  for (const auto& layer : preview.layers) {
    json.begin_object().member("kept", layer.kept.has_value());
    if (layer.kept) json.member("digest", *layer.kept).member("size_bytes", layer.size_bytes);
    if (layer.reason) json.member("reason", name(*layer.reason));
    json.member("plain_bytes", layer.plain_bytes).member("dead_bytes", layer.dead_bytes).member("units", layer.units).end_object();
  }
  json.end_array().member("written_plain_bytes", preview.written_plain_bytes).member("new_plain_bytes", preview.new_plain_bytes);
  json.begin_array("problems");
  for (const auto& problem : preview.problems)
    json.begin_object().member("path", safe(problem.path)).member("what", problem.what).end_object();
  json.end_array().end_object();
  return json;
}

}  // namespace cairn::cli
