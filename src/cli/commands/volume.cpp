// SPDX-License-Identifier: Apache-2.0
#include <cairn/base/error.hpp>
#include <cairn/os/parallel.hpp>
#include <cairn/volume/collect.hpp>
#include <cairn/volume/populate.hpp>
#include <cairn/volume/status.hpp>
#include <cairn/volume/verify.hpp>
#include <cli/commands/commands.hpp>
#include <cli/image_argument.hpp>
#include <cli/render/text.hpp>
#include <cli/render/volume_report.hpp>

#include <fmt/format.h>

#include <memory>
#include <string>
#include <vector>

namespace cairn::cli {
namespace {

constexpr std::uint64_t seconds_a_day = 86400;

struct Options {
  RegistryFlags registry;
  std::string action;
  std::string directory;
  std::vector<std::string> words;
  std::optional<std::string> repair;
  std::optional<std::uint64_t> keep;
  std::optional<std::uint64_t> grace_days;
  bool dry_run = false;
};

void expect_words(const Options& options, std::size_t least, std::size_t most)
{
  if (options.words.size() < least || options.words.size() > most)
    throw UsageError(fmt::format("'volume {}': wrong number of words; see cairn volume --help", options.action));
}

Exit run_status(const Options& options, Program& program)
{
  expect_words(options, 0, 0);
  const auto status = volume::status(options.directory);
  if (program.json()) program.print(status_record(status));
  else program.print(status_text(status));
  return Exit::done;
}

Exit run_history(const Options& options, Program& program)
{
  expect_words(options, 0, 0);
  const volume::Layout layout(options.directory, volume::Access::read);
  const auto events = volume::events(layout);
  const auto current = layout.current().value_or("");
  if (program.json()) program.print(history_record(events, current));
  else program.print(history_table(events, current));
  return Exit::done;
}

Exit run_diff(const Options& options, Program& program)
{
  expect_words(options, 1, 2);
  const volume::Layout layout(options.directory, volume::Access::read);
  const auto before = volume::find_generation(layout, options.words.front());
  const auto current = layout.current();
  if (options.words.size() == 1 && !current)
    throw Error(Errc::not_found, fmt::format("{}: holds no generation yet", printable(options.directory)));
  const auto after = volume::find_generation(layout, options.words.size() == 2 ? options.words.back() : *current);
  const auto changes = volume::compare(&before, after);
  if (program.json()) program.print(diff_record(before.id, after.id, changes));
  else program.print(diff_text(changes));
  return Exit::done;
}

Exit run_rollback(const Options& options, Program& program)
{
  expect_words(options, 0, 1);
  std::string id = options.words.empty() ? "" : options.words.front();
  if (id.empty()) {
    const volume::Layout layout(options.directory, volume::Access::read);
    const auto current = layout.current().value_or("");
    for (const auto& event : volume::events(layout))
      if (event.happened && event.to == current && !event.from.empty()) id = event.from;
    if (id.empty()) throw Error(Errc::not_found, fmt::format("{}: there was no generation before this one", printable(options.directory)));
  }
  const auto generation = volume::rollback(options.directory, id, program.task("rollback"));
  if (program.json()) {
    oci::JsonWriter json(oci::JsonStyle::readable);
    json.begin_object().member("generation", generation.id).member("library", generation.library).end_object();
    program.print(json);
  } else {
    program.print(generation.id + '\n');
  }
  return Exit::done;
}

Exit run_gc(const Options& options, Program& program)
{
  expect_words(options, 0, 0);
  volume::CollectOptions collect{.dry_run = options.dry_run};
  if (options.keep) collect.keep = static_cast<std::size_t>(*options.keep);
  if (options.grace_days) collect.grace = std::chrono::seconds(*options.grace_days * seconds_a_day);
  const auto collected = volume::collect(options.directory, collect, program.task("gc"));
  if (program.json()) program.print(collect_record(collected, options.dry_run));
  else
    program.print(fmt::format("{} {}, {}, {}\n", options.dry_run ? "would remove" : "removed",
                              count_text(collected.generations.size(), "generation", "generations"),
                              count_text(collected.units.size(), "unit", "units"), size_text(collected.bytes)));
  return Exit::done;
}

Exit run_verify(const Options& options, Program& program)
{
  expect_words(options, 0, 1);
  const auto id = options.words.empty() ? std::nullopt : std::optional(options.words.front());
  const auto threads = thread_count(program.settings().jobs.value);
  const auto verify = [&] { return volume::verify(options.directory, id, threads, program.task("verify " + options.directory)); };
  auto verified = verify();
  std::uint64_t repaired = 0;
  if (options.repair && !verified.drift.empty()) {
    for (const auto& drift : verified.drift) program.note(drift_text(drift));
    const auto open = open_image(program, *options.repair, options.registry);
    repaired = volume::repair(options.directory, verified, *open.blobs, open.manifest, program.task("repair"));
    verified = verify();
  }
  if (program.json()) program.print(verify_record(verified, repaired));
  else program.print(verify_text(verified, repaired));
  return verified.drift.empty() ? Exit::done : Exit::found;
}

Exit run(const Options& options, Program& program)
{
  if (options.action == "status") return run_status(options, program);
  if (options.action == "history") return run_history(options, program);
  if (options.action == "diff") return run_diff(options, program);
  if (options.action == "rollback") return run_rollback(options, program);
  if (options.action == "gc") return run_gc(options, program);
  if (options.action == "verify") return run_verify(options, program);
  throw UsageError(fmt::format("volume: {} is none of status, history, diff, rollback, gc, verify", printable(options.action)));
}

}  // namespace

void add_volume(CommandLine& line, Program& program)
{
  const auto options = std::make_shared<Options>();  // shared with the command's options, which fill it
  auto& command =
      line.add(
              {
                  .name = "volume",
                  .summary = "Look after a volume that populate filled",
                  .description =
                      "  cairn volume status DIR          what it shows, keeps, who works on it\n"
                      "  cairn volume history DIR         which generation was current when\n"
                      "  cairn volume diff DIR GEN [GEN]  units that differ from now, or another\n"
                      "  cairn volume rollback DIR [GEN]  show the generation before, or GEN\n"
                      "  cairn volume gc DIR              remove old generations and their units\n"
                      "  cairn volume verify DIR [GEN]    read all and compare it with its digests\n\n"
                      "GEN is a generation's name or its first digits, at least four. A rollback is one rename. `gc` keeps the current "
                      "generation, the "
                      "newest `--keep`, those that `cairn lease` holds, and what was current less than `--grace` days ago.\n\n"
                      "`verify` finds files that changed, are missing, or do not belong there, and ends with exit code 3 if there are any. "
                      "With `--repair` it pours damaged units again; a file that does not belong there is reported and left.",
                  .examples = {{"cairn volume status volume", "What ./volume shows."},
                               {"cairn volume history volume", "What it showed before."},
                               {"cairn volume verify volume", "Whether all is as it was poured."},
                               {"cairn volume verify volume --repair library:2026.11", "Pour what is damaged again."},
                               {"cairn volume gc volume --keep 2 --dry-run", "What would go."}},
                  .sections =
                      {{"JSON",
                        "`status`: `current`, `library`, `target`, `units`, `content_bytes`, `generations`, `leases`, `holder`, "
                        "`unfinished`, `foreign`, "
                        "`free_bytes`, `free_files`. `history`: `events` (`number`, `action`, `from`, `to`, `library`, `time`, "
                        "`happened`), `current`. `diff`: "
                        "`from`, `to`, `added`, `changed`, `removed`, `kept`. `rollback`: `generation`, `library`. `gc`: `dry_run`, "
                        "`generations`, "
                        "`units`, `bytes`, `busy`. `verify`: `generation`, `units`, `bytes`, `repaired`, `drift` (`kind`, `unit`, "
                        "`path`, `what`)."}},
              },
              [options, &program] { return run(*options, program); })
          .word("ACTION", "status, history, diff, rollback, gc or verify", options->action)
          .word("DIR", "the volume", options->directory, ValueKind::directory)
          .words("GEN…", "see above", OptionSpec::Count::any, options->words)
          .option("--repair", "LIBRARY", "verify: pour damaged units again from this library", options->repair, ValueKind::image)
          .number("--keep", "N", "gc: keep the newest N generations (3)", 1, 1000, options->keep)
          .number("--grace", "DAYS", "gc: keep what was current less than so many days ago (7)", 0, 3650, options->grace_days)
          .flag("--dry-run", "gc: remove nothing", options->dry_run);
  add_registry_options(command, options->registry);
}

}  // namespace cairn::cli
