// SPDX-License-Identifier: Apache-2.0
#include <cli/commands/commands.hpp>
#include <cli/render/text.hpp>

#include <fmt/format.h>

#include <memory>

namespace cairn::cli {
namespace {

struct Options {
  bool dry_run = false;
};

Exit run(const Options& options, Program& program)
{
  using Really = store::Store::Really;
  auto store = program.open_store(store::Access::write);
  const auto collected = store.collect(options.dry_run ? Really::dry_run : Really::yes, program.task("gc"));
  if (program.json()) {
    oci::JsonWriter json(oci::JsonStyle::readable);
    json.begin_object().member("dry_run", options.dry_run).member("blobs", collected.blobs).member("bytes", collected.bytes).end_object();
    program.print(json);
  } else {
    program.print(fmt::format("{} {}, {}\n", options.dry_run ? "would free" : "freed", count_text(collected.blobs, "blob", "blobs"),
                              size_text(collected.bytes)));
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
                  "were stopped. Waits for other cairn programs that write to the store. What a named image needs is never touched.",
              .examples = {{"cairn gc --dry-run", "Only say what would go."}, {"cairn gc", "Free the space."}},
              .sections = {{"JSON", "One object: `dry_run`, `blobs` (a number), `bytes`."}},
          },
          [options, &program] { return run(*options, program); })
      .flag("--dry-run", "remove nothing", options->dry_run);
}

}  // namespace cairn::cli
