// SPDX-License-Identifier: Apache-2.0
#include <cli/render/simulation_report.hpp>

#include <cli/render/text.hpp>

#include <fmt/format.h>

#include <string>

namespace cairn::cli {
namespace {

std::string amplification_text(const library::SimulatedRelease& release)
{
  if (release.new_bytes == 0) return "-";
  return fmt::format("{:.2f}", static_cast<double>(release.fetched_bytes) / static_cast<double>(release.new_bytes));
}

/// `2 new, 1 merge`
std::string made_text(const library::SimulatedRelease& release)
{
  std::string out;
  for (const auto& [reason, count] : release.made) out += fmt::format("{}{} {}", out.empty() ? "" : ", ", count, name(reason));
  return out.empty() ? "-" : out;
}

}  // namespace

Table simulation_table(const library::Simulation& simulation)
{
  Table table({{"RELEASE", Align::right},
               {"UNITS", Align::right},
               {"NEW", Align::right},
               {"FETCHED", Align::right},
               {"RATIO", Align::right},
               {"DEAD", Align::right},
               {"LAYERS", Align::right},
               {"LAYERS MADE", Align::left, Shrink::yes}});
  for (std::size_t i = 0; i < simulation.releases.size(); ++i) {
    const auto& release = simulation.releases[i];
    table.add({fmt::format("{}", i), fmt::format("{}", release.units), size_text(release.new_bytes), size_text(release.fetched_bytes),
               amplification_text(release), size_text(release.dead_bytes), fmt::format("{}", release.layers), made_text(release)});
  }
  return table;
}

oci::JsonWriter simulation_record(const library::Simulation& simulation, const library::SimulationSettings& settings)
{
  oci::JsonWriter json(oci::JsonStyle::readable);
  json.begin_object().member("layers", settings.budget_layers).member("dead_cap", settings.dead_cap);
  json.member("new_bytes", simulation.new_bytes).member("fetched_bytes", simulation.fetched_bytes);
  if (const auto amplification = simulation.amplification()) json.member("amplification", *amplification);
  json.begin_array("releases");
  for (const auto& release : simulation.releases) {
    json.begin_object()
        .member("units", release.units)
        .member("new_bytes", release.new_bytes)
        .member("fetched_bytes", release.fetched_bytes);
    json.member("live_bytes", release.live_bytes).member("dead_bytes", release.dead_bytes).member("layers", release.layers);
    json.begin_object("made");
    for (const auto& [reason, count] : release.made) json.member(name(reason), count);
    json.end_object().end_object();
  }
  json.end_array().end_object();
  return json;
}

}  // namespace cairn::cli
