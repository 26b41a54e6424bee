// SPDX-License-Identifier: Apache-2.0
#include <cli/render/split_report.hpp>

#include <cli/render/text.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace cairn::cli {
namespace {

std::vector<std::string> units_in(const library::SplitResult& result, library::UnitState state)
{
  std::vector<std::string> names;
  for (const auto& [name, of_unit] : result.states) {
    if (of_unit == state) names.push_back(name);
  }
  return names;
}

double seconds(std::chrono::nanoseconds time) { return std::chrono::duration<double>(time).count(); }

}  // namespace

std::vector<std::string> split_summary(const library::SplitResult& result, const library::SplitSettings& settings, Times times)
{
  using library::UnitState;
  const auto count = [&](UnitState state) { return units_in(result, state).size(); };
  std::vector<std::string> lines;
  lines.push_back(fmt::format("{}: {} added, {} changed, {} kept, {} removed", count_text(result.document.units.size(), "unit", "units"),
                              count(UnitState::added), count(UnitState::changed), count(UnitState::kept), result.removed.size()));
  lines.push_back(fmt::format("{} new ({}), {} kept ({})", count_text(result.new_layers, "layer", "layers"), size_text(result.new_bytes),
                              result.kept_layers, size_text(result.kept_bytes)));
  if (!result.document.rest.empty()) {
    lines.push_back(fmt::format("{} to no unit and {} in the unit 'rest'; cairn inspect shows them",
                                count_text(result.document.rest.size(), "path belongs", "paths belong"),
                                result.document.rest.size() == 1 ? "is" : "are"));
  }
  if (!result.document.dropped.empty()) {
    lines.push_back(fmt::format("{} left out (logs, locks, excludes); cairn inspect shows them",
                                count_text(result.document.dropped.size(), "path was", "paths were")));
  }
  const auto& t = result.times;
  lines.push_back(fmt::format("{} in {}", settings.tag, duration_text(t.total)));
  if (times == Times::yes) {
    lines.push_back(fmt::format("time: modulefiles {}, units {}, scan {}, pack {}", duration_text(t.evaluating), duration_text(t.forming),
                                duration_text(t.scanning), duration_text(t.packing)));
    lines.push_back(fmt::format("processor time of pack: read {}, hash {}, compress {}, write {}", duration_text(t.pack.reading),
                                duration_text(t.pack.hashing), duration_text(t.pack.compressing), duration_text(t.pack.writing)));
  }
  return lines;
}

oci::JsonWriter split_record(const library::SplitResult& result, const library::SplitSettings& settings)
{
  using library::UnitState;
  oci::JsonWriter json(oci::JsonStyle::readable);
  json.begin_object();
  if (result.problems.empty()) json.member("manifest", result.manifest.digest).member("size_bytes", result.manifest.size_bytes);
  json.member("tag", settings.tag).member("target", result.document.target);
  json.begin_object("units").member("added", units_in(result, UnitState::added)).member("changed", units_in(result, UnitState::changed));
  json.member("kept", units_in(result, UnitState::kept).size()).member("removed", result.removed).end_object();
  json.begin_object("layers")
      .member("new", result.new_layers)
      .member("kept", result.kept_layers)
      .member("absent", result.absent.size())
      .end_object();
  json.member("new_bytes", result.new_bytes).member("kept_bytes", result.kept_bytes);
  json.member("rest", result.document.rest)
      .member("dropped", result.document.dropped)
      .member("warnings", result.warnings)
      .member("lied", result.lied);
  const auto& t = result.times;
  json.begin_object("seconds")
      .member("total", seconds(t.total))
      .member("modulefiles", seconds(t.evaluating))
      .member("units", seconds(t.forming));
  json.member("scan", seconds(t.scanning)).member("packing", seconds(t.packing)).begin_object("pack");
  json.member("read", seconds(t.pack.reading)).member("hash", seconds(t.pack.hashing));
  json.member("compress", seconds(t.pack.compressing)).member("write", seconds(t.pack.writing)).end_object().end_object();
  json.begin_array("problems");
  for (const auto& problem : result.problems)
    json.begin_object().member("path", safe(problem.path)).member("what", problem.what).end_object();
  json.end_array().end_object();
  return json;
}

}  // namespace cairn::cli
