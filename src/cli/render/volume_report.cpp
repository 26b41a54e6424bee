// SPDX-License-Identifier: Apache-2.0
#include <cli/render/volume_report.hpp>

#include <cli/render/text.hpp>

#include <fmt/format.h>

#include <ctime>

namespace cairn::cli {
namespace {

double seconds(std::chrono::nanoseconds time) { return std::chrono::duration<double>(time).count(); }

}  // namespace

oci::JsonWriter populate_record(const volume::Populated& done, bool dry_run, std::chrono::nanoseconds took)
{
  oci::JsonWriter json(oci::JsonStyle::readable);
  json.begin_object().member("generation", done.generation).member("changed", done.changed).member("dry_run", dry_run);
  json.begin_object("units").member("added", done.units.added).member("changed", done.units.changed);
  json.member("removed", done.units.removed).member("kept", done.units.kept);
  json.member("poured", done.poured).member("adopted", done.adopted).end_object();
  json.member("fetched_bytes", done.fetched_bytes).member("requests", done.requests).member("written_bytes", done.written_bytes);
  json.member("written_files", done.written_files).member("calls", done.calls).member("seconds", seconds(took)).end_object();
  return json;
}

std::string populate_text(const volume::Populated& done, bool dry_run, std::chrono::nanoseconds took)
{
  if (!done.changed) return fmt::format("nothing to do: {} are there", count_text(done.units.kept, "unit", "units"));
  const auto units = fmt::format("{} added, {} changed, {} removed, {} kept", done.units.added.size(), done.units.changed.size(),
                                 done.units.removed.size(), done.units.kept);
  const auto adopted = done.adopted == 0 ? std::string() : fmt::format(", {} adopted", done.adopted);
  return fmt::format("{}units: {}{}; {} fetched, {} written in {}; {}", dry_run ? "would be: " : "", units, adopted, size_text(done.fetched_bytes),
                     size_text(done.written_bytes), count_text(done.written_files, "file", "files"), duration_text(took));
}

std::string populate_metrics(const volume::Populated& done, std::chrono::nanoseconds took)
{
  std::string text;
  const auto gauge = [&](std::string_view name, std::string_view help, const auto& value) {
    text += fmt::format("# HELP cairn_populate_{0} {1}\n# TYPE cairn_populate_{0} gauge\ncairn_populate_{0} {2}\n", name, help, value);
  };
  gauge("success_timestamp_seconds", "When the last run that succeeded ended.", std::time(nullptr));
  gauge("duration_seconds", "How long it took.", seconds(took));
  gauge("changed", "Whether it changed the volume.", done.changed ? 1 : 0);
  gauge("fetched_bytes", "Packed bytes fetched.", done.fetched_bytes);
  gauge("written_bytes", "Bytes of file content written.", done.written_bytes);
  gauge("written_files", "Files written.", done.written_files);
  gauge("units_added", "Units that were not in the generation before.", done.units.added.size());
  gauge("units_changed", "Units with other content than before.", done.units.changed.size());
  gauge("units_removed", "Units that are no longer in the generation.", done.units.removed.size());
  gauge("units_kept", "Units that stayed as they were.", done.units.kept);
  text += fmt::format("# HELP cairn_populate_info The generation that is current.\n# TYPE cairn_populate_info gauge\ncairn_populate_info{{generation=\"{}\"}} 1\n",
                      done.generation);
  return text;
}

}  // namespace cairn::cli
