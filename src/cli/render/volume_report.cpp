// SPDX-License-Identifier: Apache-2.0
#include <cli/render/volume_report.hpp>

#include <cli/render/text.hpp>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <ctime>

namespace cairn::cli {
namespace {

std::string utc_text(std::int64_t time) { return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(static_cast<std::time_t>(time))); }

double seconds(std::chrono::nanoseconds time) { return std::chrono::duration<double>(time).count(); }

}  // namespace

oci::JsonWriter populate_record(const volume::Populated& done, bool dry_run, std::chrono::nanoseconds took)
{
  oci::JsonWriter json(oci::JsonStyle::readable);
  json.begin_object()
      .member("generation", done.generation)
      .member("target", done.target)
      .member("changed", done.changed)
      .member("dry_run", dry_run);
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
  return fmt::format("{}units: {}{}; {} fetched, {} written in {}; {}", dry_run ? "would be: " : "", units, adopted,
                     size_text(done.fetched_bytes), size_text(done.written_bytes), count_text(done.written_files, "file", "files"),
                     duration_text(took));
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
  text += fmt::format(
      "# HELP cairn_populate_info The generation that is current.\n# TYPE cairn_populate_info "
      "gauge\ncairn_populate_info{{generation=\"{}\"}} 1\n",
      done.generation);
  return text;
}

oci::JsonWriter status_record(const volume::Status& status)
{
  oci::JsonWriter json(oci::JsonStyle::readable);
  json.begin_object();
  if (status.current) {
    std::uint64_t bytes = 0;
    for (const auto& unit : status.current->units) bytes += unit.content_bytes;
    json.member("current", status.current->id).member("library", status.current->library).member("target", status.current->target);
    json.member("modules", status.current->modules).member("units", status.current->units.size()).member("content_bytes", bytes);
  }
  json.begin_array("generations");
  for (const auto& generation : status.generations)
    json.begin_object()
        .member("generation", generation.id)
        .member("library", generation.library)
        .member("manifest", generation.manifest)
        .end_object();
  json.end_array().begin_array("leases");
  for (const auto& lease : status.leases) {
    json.begin_object().member("generation", lease.generation).member("host", lease.process.host).member("pid", lease.process.pid);
    json.member("purpose", lease.purpose).member("stale", lease.stale).end_object();
  }
  json.end_array();
  if (status.holder) {
    json.begin_object("holder").member("turn", status.holder->number).member("host", status.holder->process.host);
    json.member("pid", status.holder->process.pid).member("purpose", status.holder->purpose).end_object();
  }
  json.member("unfinished", status.unfinished).member("foreign", status.foreign);
  json.member("free_bytes", status.space.free_bytes).member("free_files", status.space.free_inodes).end_object();
  return json;
}

std::string status_text(const volume::Status& status)
{
  std::string text;
  const auto say = [&](std::string_view name, const std::string& value) { text += fmt::format("{:<12} {}\n", name, value); };
  if (status.current) {
    std::uint64_t bytes = 0;
    for (const auto& unit : status.current->units) bytes += unit.content_bytes;
    say("generation", status.current->id);
    say("library", safe(status.current->library) + " (" + short_digest(status.current->manifest) + ")");
    say("seen at", safe(status.current->target));
    say("holds", fmt::format("{}, {}", count_text(status.current->units.size(), "unit", "units"), size_text(bytes)));
  } else {
    say("generation", "none yet");
  }
  for (const auto& generation : status.generations)
    if (!status.current || generation.id != status.current->id) say("keeps", generation.id + " " + safe(generation.library));
  for (const auto& lease : status.leases)
    say("lease", fmt::format("{} by process {} on {}: {}{}", lease.generation, lease.process.pid, safe(lease.process.host),
                             safe(lease.purpose), lease.stale ? " (over)" : ""));
  if (status.holder)
    say("worked on", fmt::format("by process {} on {}: {}", status.holder->process.pid, safe(status.holder->process.host),
                                 safe(status.holder->purpose)));
  if (!status.unfinished.empty())
    say("unfinished", count_text(status.unfinished.size(), "directory", "directories") + "; the next run goes on");
  for (const auto& name : status.foreign) say("not cairn's", safe(name));
  say("free", size_text(status.space.free_bytes) +
                  (status.space.total_inodes == 0 ? std::string() : fmt::format(", {} files", status.space.free_inodes)));
  return text;
}

oci::JsonWriter history_record(const std::vector<volume::Event>& events, const std::string& current)
{
  oci::JsonWriter json(oci::JsonStyle::readable);
  json.begin_object().begin_array("events");
  for (const auto& event : events) {
    json.begin_object().member("number", event.number).member("action", event.action).member_unless_empty("from", event.from);
    json.member("to", event.to).member("library", event.library).member("time", event.time).member("happened", event.happened).end_object();
  }
  json.end_array().member("current", current).end_object();
  return json;
}

Table history_table(const std::vector<volume::Event>& events, const std::string& current)
{
  Table table({{"TIME"}, {"ACTION"}, {"GENERATION"}, {"LIBRARY", Align::left, Shrink::yes}, {"NOW"}});
  for (std::size_t i = 0; i < events.size(); ++i) {
    const auto& event = events[i];
    if (!event.happened) continue;
    const bool last = i + 1 == events.size() && event.to == current;
    table.add({utc_text(event.time), event.action, event.to, event.library, last ? "current" : ""});
  }
  return table;
}

oci::JsonWriter diff_record(const std::string& from, const std::string& to, const volume::UnitChanges& changes)
{
  oci::JsonWriter json(oci::JsonStyle::readable);
  json.begin_object().member("from", from).member("to", to).member("added", changes.added).member("changed", changes.changed);
  json.member("removed", changes.removed).member("kept", changes.kept).end_object();
  return json;
}

std::string diff_text(const volume::UnitChanges& changes)
{
  std::string text;
  for (const auto& name : changes.added) text += fmt::format("+ {}\n", safe(name));
  for (const auto& name : changes.changed) text += fmt::format("~ {}\n", safe(name));
  for (const auto& name : changes.removed) text += fmt::format("- {}\n", safe(name));
  return text;
}

oci::JsonWriter collect_record(const volume::Collected& collected, bool dry_run)
{
  oci::JsonWriter json(oci::JsonStyle::readable);
  json.begin_object().member("dry_run", dry_run).member("generations", collected.generations).member("units", collected.units);
  json.member("bytes", collected.bytes).member("busy", collected.busy).end_object();
  return json;
}

namespace {

std::string_view kind_name(volume::Drift::Kind kind)
{
  switch (kind) {
    case volume::Drift::Kind::damage: return "damage";
    case volume::Drift::Kind::view: return "view";
    case volume::Drift::Kind::stray: return "stray";
  }
  return "";
}

}  // namespace

std::string drift_text(const volume::Drift& drift)
{
  const auto where = drift.unit.empty() ? std::string("the view") : "unit " + safe(drift.unit);
  return drift.path.empty() ? fmt::format("{}: {}", where, drift.what) : fmt::format("{}: {} {}", where, safe(drift.path), drift.what);
}

oci::JsonWriter verify_record(const volume::Verified& verified, std::uint64_t repaired)
{
  oci::JsonWriter json(oci::JsonStyle::readable);
  json.begin_object().member("generation", verified.generation).member("units", verified.units).member("bytes", verified.bytes);
  json.member("repaired", repaired).begin_array("drift");
  for (const auto& drift : verified.drift)
    json.begin_object()
        .member("kind", kind_name(drift.kind))
        .member("unit", drift.unit)
        .member("path", drift.path)
        .member("what", drift.what)
        .end_object();
  json.end_array().end_object();
  return json;
}

std::string verify_text(const volume::Verified& verified, std::uint64_t repaired)
{
  std::string text;
  for (const auto& drift : verified.drift) text += drift_text(drift) + '\n';
  text += fmt::format("{}: {}, {}, {}{}\n", verified.generation, count_text(verified.units, "unit", "units"), size_text(verified.bytes),
                      verified.drift.empty() ? "all as poured" : count_text(verified.drift.size(), "thing is not", "things are not"),
                      repaired == 0 ? std::string() : fmt::format("; {} poured again", count_text(repaired, "unit", "units")));
  return text;
}

}  // namespace cairn::cli
