// SPDX-License-Identifier: Apache-2.0
#include <cairn/library/history.hpp>
#include <cli/commands/commands.hpp>
#include <cli/render/diff_report.hpp>

#include <memory>
#include <string>

namespace cairn::cli {
namespace {

struct Options {
  std::string name;
};

Exit run(const Options& options, Program& program)
{
  const auto store = program.open_store(store::Access::read);
  const auto releases = [&] {
    const auto task = program.task("read " + options.name);
    return library::history(store, options.name, task);
  }();
  if (program.json()) program.print(history_record(releases));
  else program.print(history_table(releases));
  return Exit::done;
}

}  // namespace

void add_history(CommandLine& line, Program& program)
{
  const auto options = std::make_shared<Options>();  // shared with the command's options, which fill it
  auto& command = line.add(
      {
          .name = "history",
          .summary = "List the releases of a library, with what each changed",
          .description =
              "One line for each library in the store that is called NAME or NAME:TAG, in the order of the tags, numbers by their value. "
              "The figures of a release are those of `cairn diff` between the one before and it.",
          .examples = {{"cairn history library", "The releases of a library."},
                       {"cairn history library --json | jq '[.releases[].difference.fetched_bytes | values] | add'",
                        "What somebody fetched in all who took each update."}},
          .sections =
              {{"JSON",
                "One object: `releases`, each with `name`, `manifest`, `units` (a number), `layers`, `size_bytes` (of its layers), and "
                "`difference` as in `cairn diff --json`, without `before` and `after` (not for the first)."}},
      },
      [options, &program] { return run(*options, program); });
  command.word("NAME", "the part of the names before the tag", options->name);
}

}  // namespace cairn::cli
