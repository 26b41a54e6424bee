// SPDX-License-Identifier: Apache-2.0
#include <cli/render/diff_report.hpp>

#include <cli/render/text.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace cairn::cli {
namespace {

using library::Change;
using library::Difference;
using library::UnitDifference;

std::size_t count(const Difference& difference, Change change)
{
  return static_cast<std::size_t>(std::ranges::count(difference.units, change, &UnitDifference::change));
}

std::string detail_text(const UnitDifference& unit)
{
  std::vector<std::string> parts;
  if (!unit.replaces.empty()) parts.push_back(fmt::format("instead of {}", fmt::join(unit.replaces, ", ")));
  if (unit.change == Change::changed && !unit.content) parts.emplace_back("same content");
  if (unit.change != Change::added && !unit.dependencies_added.empty())
    parts.push_back(fmt::format("needs {}", fmt::join(unit.dependencies_added, ", ")));
  if (!unit.dependencies_removed.empty()) parts.push_back(fmt::format("needs no more {}", fmt::join(unit.dependencies_removed, ", ")));
  return fmt::format("{}", fmt::join(parts, "; "));
}

std::string before_text(const UnitDifference& unit) { return unit.change == Change::added ? "-" : size_text(unit.bytes_before); }
std::string after_text(const UnitDifference& unit) { return unit.change == Change::removed ? "-" : size_text(unit.bytes_after); }

/// Nothing of a name may act in a table of Markdown.
std::string cell(const std::string& text)
{
  std::string out;
  for (const char c : safe(text)) {
    if (c == '|' || c == '`' || c == '<') out += '\\';
    out += c;
  }
  return out;
}

std::string ratio_text(const Difference& difference)
{
  const auto ratio = difference.amplification();
  return ratio ? fmt::format("{:.2f}", *ratio) : "-";
}

}  // namespace

Table diff_table(const Difference& difference)
{
  Table table({{"UNIT"}, {"CHANGE"}, {"BEFORE", Align::right}, {"AFTER", Align::right}, {"WHAT", Align::left, Shrink::yes}});
  for (const auto& unit : difference.units)
    table.add({unit.name, std::string(name(unit.change)), before_text(unit), after_text(unit), detail_text(unit)});
  return table;
}

std::vector<std::string> diff_summary(const Difference& d)
{
  std::vector<std::string> lines;
  lines.push_back(fmt::format("units: {} added, {} changed, {} removed", count(d, Change::added), count(d, Change::changed),
                              count(d, Change::removed)));
  lines.push_back(fmt::format("fetch: {} in {} ({} new, ratio {}); {} kept ({})", size_text(d.fetched_bytes),
                              count_text(d.fetched_layers, "layer", "layers"), size_text(d.new_bytes), ratio_text(d),
                              count_text(d.kept_layers, "layer", "layers"), size_text(d.kept_bytes)));
  lines.push_back(fmt::format("unpack: {} above the {} that a runtime keeps as they are ({})",
                              count_text(d.unpacked_layers, "layer", "layers"), d.chain_layers, size_text(d.unpacked_bytes)));
  std::string where;
  for (const auto& dead : d.dead) where += fmt::format("{}layer {}: {}", where.empty() ? "" : ", ", dead.layer, size_text(dead.dead_bytes));
  lines.push_back(fmt::format("dead: {} of old versions beside {} live{}{}", size_text(d.dead_bytes), size_text(d.live_bytes),
                              where.empty() ? "" : "; ", where));
  return lines;
}

std::string diff_markdown(const std::string& before, const std::string& after, const Difference& difference)
{
  auto out = fmt::format("### {} → {}\n\n", cell(before), cell(after));
  if (difference.units.empty()) out += "No unit changed.\n";
  else out += "| unit | change | before | after | |\n| --- | --- | ---: | ---: | --- |\n";
  for (const auto& unit : difference.units)
    out += fmt::format("| {} | {} | {} | {} | {} |\n", cell(unit.name), name(unit.change), before_text(unit), after_text(unit),
                       cell(detail_text(unit)));
  out += '\n';
  for (const auto& line : diff_summary(difference)) out += fmt::format("- {}\n", line);
  return out;
}

void write_diff(oci::JsonWriter& json, const Difference& d)
{
  json.begin_array("units");
  for (const auto& unit : d.units) {
    json.begin_object().member("name", unit.name).member("change", name(unit.change)).member_unless_empty("replaces", unit.replaces);
    json.member("bytes_before", unit.bytes_before).member("bytes_after", unit.bytes_after).member("content", unit.content);
    json.member("dependencies_added", unit.dependencies_added).member("dependencies_removed", unit.dependencies_removed).end_object();
  }
  json.end_array().begin_object("layers").member("kept", d.kept_layers).member("fetched", d.fetched_layers).end_object();
  json.member("kept_bytes", d.kept_bytes).member("fetched_bytes", d.fetched_bytes).member("new_bytes", d.new_bytes);
  if (const auto ratio = d.amplification()) json.member("amplification", *ratio);
  json.begin_object("unpack")
      .member("kept_layers", d.chain_layers)
      .member("layers", d.unpacked_layers)
      .member("bytes", d.unpacked_bytes)
      .end_object();
  json.member("live_bytes", d.live_bytes).member("dead_bytes", d.dead_bytes).begin_array("dead");
  for (const auto& dead : d.dead) {
    json.begin_object().member("layer", dead.layer).member("digest", dead.digest).member("live_bytes", dead.live_bytes);
    json.member("dead_bytes", dead.dead_bytes).member("units", dead.units).end_object();
  }
  json.end_array();
}

Table history_table(const std::vector<library::Release>& releases)
{
  Table table({{"RELEASE"},
               {"UNITS", Align::right},
               {"ADDED", Align::right},
               {"CHANGED", Align::right},
               {"REMOVED", Align::right},
               {"SIZE", Align::right},
               {"NEW", Align::right},
               {"FETCHED", Align::right},
               {"RATIO", Align::right},
               {"DEAD", Align::right},
               {"LAYERS", Align::right},
               {"KEPT", Align::right}});
  for (const auto& release : releases) {
    std::vector<std::string> cells{release.name, fmt::format("{}", release.units)};
    const auto number = [&](auto value) { cells.push_back(fmt::format("{}", value)); };
    const auto& d = release.difference;
    for (const auto change : {Change::added, Change::changed, Change::removed}) d ? number(count(*d, change)) : number("-");
    number(size_text(release.size_bytes));
    number(d ? size_text(d->new_bytes) : "-");
    number(d ? size_text(d->fetched_bytes) : "-");
    number(d ? ratio_text(*d) : "-");
    number(d ? size_text(d->dead_bytes) : "-");
    number(release.layers);
    d ? number(d->kept_layers) : number("-");
    table.add(std::move(cells));
  }
  return table;
}

oci::JsonWriter history_record(const std::vector<library::Release>& releases)
{
  oci::JsonWriter json(oci::JsonStyle::readable);
  json.begin_object().begin_array("releases");
  for (const auto& release : releases) {
    json.begin_object().member("name", release.name).member("manifest", release.manifest).member("units", release.units);
    json.member("layers", release.layers).member("size_bytes", release.size_bytes);
    if (release.difference) {
      json.begin_object("difference");
      write_diff(json, *release.difference);
      json.end_object();
    }
    json.end_object();
  }
  json.end_array().end_object();
  return json;
}

}  // namespace cairn::cli
