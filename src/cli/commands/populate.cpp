// SPDX-License-Identifier: Apache-2.0
#include <cairn/base/error.hpp>
#include <cairn/os/fd.hpp>
#include <cairn/os/temp.hpp>
#include <cairn/volume/collect.hpp>
#include <cairn/volume/populate.hpp>
#include <cli/commands/commands.hpp>
#include <cli/module_choice.hpp>
#include <cli/image_argument.hpp>
#include <cli/render/text.hpp>
#include <cli/render/volume_report.hpp>

#include <fmt/format.h>

#include <chrono>
#include <filesystem>
#include <system_error>
#include <memory>
#include <string>
#include <vector>

namespace cairn::cli {
namespace {

struct Options {
  RegistryFlags registry;
  std::string library;
  std::string directory;
  std::vector<std::string> modules;
  std::optional<std::string> collection;
  std::optional<std::uint64_t> workers;
  std::optional<std::uint64_t> keep;
  std::optional<std::uint64_t> wait;
  std::optional<std::string> metrics;
  bool adopt = false;
  bool dry_run = false;
};

Exit run(const Options& options, Program& program)
{
  const auto begin = std::chrono::steady_clock::now();
  volume::PopulateOptions populate{.library = options.library,
                                   .modules = chosen_modules(options.modules, options.collection),
                                   .writers = options.workers.value_or(48),
                                   .adopt = options.adopt,
                                   .dry_run = options.dry_run};
  if (options.wait) populate.wait = std::chrono::seconds(*options.wait);
  const auto open = open_image(program, options.library, options.registry);
  volume::Populated done;
  {
    const auto task = program.task("populate " + options.directory);
    done = volume::populate(*open.blobs, open.manifest, options.directory, populate, task);
    // It writes only if there is something to remove.
    if (options.keep && !options.dry_run) volume::collect(options.directory, {.keep = static_cast<std::size_t>(*options.keep)}, task);
  }
  const auto seconds = std::chrono::steady_clock::now() - begin;
  if (options.metrics) write_file_atomically(*options.metrics, populate_metrics(done, seconds), Flush::no);
  if (program.json()) program.print(populate_record(done, options.dry_run, seconds));
  else program.print(done.generation + '\n');
  std::error_code unknown;
  if (done.changed && std::filesystem::weakly_canonical(options.directory, unknown) != done.target)
    program.note(fmt::format("users must see {} at {}", printable(options.directory), printable(done.target)));
  program.note(populate_text(done, options.dry_run, seconds));
  return Exit::done;
}

}  // namespace

void add_populate(CommandLine& line, Program& program)
{
  const auto options = std::make_shared<Options>();  // shared with the command's options, which fill it
  auto& command =
      line.add(
              {
                  .name = "populate",
                  .summary = "Fill or update a shared volume with a library",
                  .description =
                      "Pours a library into DIR, the directory that users see at the library's target. Only units that the volume lacks "
                      "are "
                      "fetched and written; each is proved before it gets its name. Users see the old modules until everything "
                      "is there, and then, by one rename, the new ones. If it is stopped, killed, or the disk is full, they go on seeing "
                      "the "
                      "old "
                      "ones, and the next run goes on from what was done. Who has loaded an old module can go on using it until `cairn "
                      "volume "
                      "gc` removes it.\n\n"
                      "Prints the generation, as `cairn volume history` and `cairn volume rollback` call it. Several runs on one volume "
                      "wait "
                      "for one another. Nothing is chowned, and what cairn did not put into DIR is left alone: if it is in the way, "
                      "that is said, and nothing changes.\n\n"
                      "docs/volumes.md is a walk through all of it.",
                  .examples =
                      {
                          {"cairn populate library:2026.11 volume", "Fill ./volume, or bring it up to date."},
                          {"cairn populate library:2026.11 volume --dry-run", "Only say what would be fetched and written."},
                          {"cairn populate library:2026.11 part --module Greeting/2.0", "This module and what it needs, nothing else."},
                          {"cairn populate library:2026.11 volume --keep 3 --progress json --metrics populate.prom",
                           "As a Job would: a line an event, figures for Prometheus, and three generations kept."},
                      },
                  .sections =
                      {
                          {"JSON",
                           "One object: `generation`, `target`, `changed` (false: it was there), `dry_run`, `units` (`added`, `changed`, "
                           "`removed`: names; "
                           "`kept`, `poured`, `adopted`: numbers), `fetched_bytes`, `requests`, `written_bytes`, `written_files`, `calls` "
                           "(that a "
                           "shared file system answers), `seconds`."},
                          {"Adopting",
                           "With `--adopt`, a prefix that lies in DIR already (copied there by another tool) is compared with the library, "
                           "and "
                           "if "
                           "split would make the same of it, it stays where it is as a part of the volume. Modulefiles in its way that are "
                           "the "
                           "same as the library's are replaced by links, one by one."},
                      },
              },
              [options, &program] { return run(*options, program); })
          .word("LIBRARY", "name, digest, or a library elsewhere", options->library, ValueKind::image)
          .word("DIR", "the volume; made when missing", options->directory, ValueKind::directory)
          .option("--module", "NAME", "this module and what it needs, instead of everything; may be repeated", options->modules)
          .option("--from-collection", "FILE", "the modules of a collection that Lmod saved", options->collection, ValueKind::file)
          .number("--workers", "N", "writers; the slower the file system answers, the more help (48)", 1, 256, options->workers)
          .flag("--adopt", "take over what lies in DIR already and is the same", options->adopt)
          .flag("--dry-run", "only say what would be done", options->dry_run)
          .number("--keep", "GENERATIONS", "afterwards, remove all but this many, as cairn volume gc does", 1, 1000, options->keep)
          .number("--wait", "SECONDS", "for another run, at most so long; as long as it takes, if not given", 0, 86400, options->wait)
          .option("--metrics", "FILE", "write figures there for Prometheus", options->metrics, ValueKind::file);
  add_registry_options(command, options->registry);
}

}  // namespace cairn::cli
