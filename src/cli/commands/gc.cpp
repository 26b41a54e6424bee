// SPDX-License-Identifier: Apache-2.0
#include <cli/commands/commands.hpp>
#include <cli/render/text.hpp>

#include <fmt/format.h>

#include <chrono>
#include <memory>
#include <optional>

namespace cairn::cli {
namespace {

struct Options {
  bool dry_run = false;
  std::optional<std::uint64_t> grace_minutes;
};

constexpr std::uint64_t default_grace_minutes = 60;
constexpr std::uint64_t most_grace_minutes = 60 * 24 * 366;

Exit run(const Options& options, Program& program)
{
  using Really = store::Store::Really;
  auto store = program.open_store(store::Access::write);
  const auto collected = store.collect(options.dry_run ? Really::dry_run : Really::yes, program.task("gc"),
                                       std::chrono::minutes(options.grace_minutes.value_or(default_grace_minutes)));
  if (program.json()) {
    oci::JsonWriter json(oci::JsonStyle::readable);
    json.begin_object().member("dry_run", options.dry_run).member("blobs", collected.blobs).member("bytes", collected.bytes);
    json.member("young_blobs", collected.young_blobs).end_object();
    program.print(json);
  } else {
    const auto young = collected.young_blobs == 0
                           ? std::string()
                           : fmt::format("; {} younger than {} minutes stay (--grace 0 frees them too)", collected.young_blobs,
                                         options.grace_minutes.value_or(default_grace_minutes));
    program.print(fmt::format("{} {}, {}{}\n", options.dry_run ? "would free" : "freed", count_text(collected.blobs, "blob", "blobs"),
                              size_text(collected.bytes), young));
  }
  return Exit::done;
}

}  // namespace

void add_gc(CommandLine& line, Program& program)
{
  const auto options = std::make_shared<Options>();  // shared with the command's options, which fill it
  line.add(
          {
              .name = "gc",
              .summary = "Free the space of what no name in the store reaches",
              .description =
                  "Removes blobs that belong to no named image: of images that were untagged or whose name moved on, and of runs that "
                  "were stopped. Waits for other cairn programs that write to the store. Other tools do not ask before they write, so "
                  "blobs "
                  "younger than an hour stay, which such a tool may be about to name. What a named image needs is never touched.",
              .examples = {{"cairn gc --dry-run", "Only say what would go."},
                           {"cairn gc", "Free the space."},
                           {"cairn gc --grace 0", "All of it: nobody else writes to the store."}},
              .sections = {{"JSON", "One object: `dry_run`, `blobs` (a number), `bytes`, `young_blobs` (left because of their age)."}},
          },
          [options, &program] { return run(*options, program); })
      .flag("--dry-run", "remove nothing", options->dry_run)
      .number("--grace", "MINUTES", "leave blobs that are younger than this (60)", 0, most_grace_minutes, options->grace_minutes);
}

}  // namespace cairn::cli
