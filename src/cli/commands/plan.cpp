// SPDX-License-Identifier: Apache-2.0
#include <cairn/base/error.hpp>
#include <cairn/library/simulate.hpp>
#include <cairn/library/split.hpp>
#include <cairn/recipe/change_model_file.hpp>
#include <cli/commands/commands.hpp>
#include <cli/release_options.hpp>
#include <cli/render/preview_report.hpp>
#include <cli/render/simulation_report.hpp>
#include <cli/render/text.hpp>
#include <cli/tree_options.hpp>

#include <fmt/format.h>

#include <memory>
#include <optional>
#include <string>

namespace cairn::cli {
namespace {

constexpr std::uint64_t most_releases = 10'000;

struct Options {
  std::optional<std::string> tree;
  TreeOptions mapping;
  ReleaseOptions release;
  std::optional<std::string> tag;
  std::optional<std::uint64_t> simulate;
  std::optional<std::string> model;
};

Exit preview(const Options& options, Program& program)
{
  library::SplitSettings split;
  auto mapping = options.mapping;
  mapping.tree = *options.tree;
  apply(mapping, options.release, program.settings(), split);
  split.tag = options.tag.value_or("");
  auto store = program.open_store(store::Access::write);
  const auto since = open_since(program, options.release, split);
  const auto result = [&] {
    const auto task = program.task(fmt::format("plan {}", *options.tree));
    return library::preview(split, store, task);
  }();
  for (const auto& problem : result.problems) program.error(fmt::format("{}: {}", printable(problem.path), problem.what));
  if (program.json()) program.print(preview_record(result));
  if (!result.problems.empty()) return Exit::failed;
  if (!program.json()) program.print(preview_table(result));
  for (const auto& line : preview_summary(result)) program.note(line);
  return Exit::done;
}

library::ChangeHistory history_of(recipe::ChangeModelFile&& file, const std::string& what, std::uint64_t releases)
{
  library::ChangeHistory history;
  if (file.first.empty()) {
    library::ChangeModel model;
    model.units = file.units.value_or(model.units);
    model.mean_bytes = file.mean_bytes.value_or(model.mean_bytes);
    model.spread = file.spread.value_or(model.spread);
    model.added = file.added.value_or(model.added);
    if (file.changed_percent) model.changed = *file.changed_percent / 100;
    if (file.removed_percent) model.removed = *file.removed_percent / 100;
    model.seed = file.seed.value_or(model.seed);
    return library::make_history(model, releases);
  }
  if (releases > file.releases.size())
    throw Error(Errc::bad_input, fmt::format("{} has {}, {} were asked for with --simulate", what,
                                             count_text(file.releases.size(), "release", "releases"), releases));
  file.releases.resize(releases);
  history.first = std::move(file.first);
  history.releases = std::move(file.releases);
  return history;
}

Exit run(const Options& options, Program& program)
{
  if (options.tree && options.simulate) throw UsageError("TREE and --simulate: give one of them");
  if (options.tree) return preview(options, program);
  if (!options.simulate) throw UsageError("give a TREE, or --simulate N: the number of releases to play");
  recipe::ChangeModelFile file;
  if (options.model) file = recipe::ChangeModelFile::read(*options.model);
  library::SimulationSettings settings;
  settings.budget_layers = options.release.layers.value_or(library::default_budget_layers);
  if (options.release.dead_percent) settings.dead_cap = static_cast<double>(*options.release.dead_percent) / 100;
  settings.index_bytes = file.index_bytes.value_or(settings.index_bytes);
  const auto history = history_of(std::move(file), options.model.value_or(""), *options.simulate);
  const auto simulation = [&] {
    const auto task = program.task("simulate");
    return library::simulate(history, settings, task);
  }();
  if (program.json()) program.print(simulation_record(simulation, settings));
  else program.print(simulation_table(simulation));
  if (const auto amplification = simulation.amplification())
    program.note(fmt::format("{} fetched for {} that are new: {:.2f} times as many", size_text(simulation.fetched_bytes),
                             size_text(simulation.new_bytes), *amplification));
  return Exit::done;
}

}  // namespace

void add_plan(CommandLine& line, Program& program)
{
  const auto options = std::make_shared<Options>();  // shared with the command's options, which fill it
  auto& command = line.add(
      {
          .name = "plan",
          .summary = "Say what releases of a library would cost",
          .description =
              "With a TREE: what `cairn split` would do with it now, and nothing of it done. The table has the layers that the library "
              "would "
              "have, lowest first: whether they stay or are new, why they are made, what they hold, and the bytes of old versions in them. "
              "New layers are measured before compression.\n\n"
              "With `--simulate`: plays releases of a library with the same plans that `split` makes, but reads and writes no tree. The "
              "change model says how "
              "the library changes: numbers from which a history is made up, or a history. For each release the table has the bytes that "
              "are new, the bytes that somebody fetches who has the release before, their ratio, dead bytes, and why layers were made. "
              "Release 0 is the first, fetched whole. Use it to choose `--layers`.",
          .examples =
              {
                  {"cairn plan easybuild --tag library:2026.11", "See what the next split to that name would write."},
                  {"cairn plan --simulate 30 --layers 100", "A library of 500 modules, made up, over 30 releases."},
                  {"echo 'changed: 1.5' >m.yaml; cairn plan --simulate 9 --model m.yaml --dead 0",
                   "One that changes more, in images without dead bytes."},
                  {"cairn plan --simulate 100 --layers 32 --json --quiet | jq .amplification", "One number to compare budgets by."},
              },
          .sections =
              {{"Model", "The file is described in docs/formats/change-model.md. Without one, its defaults hold."},
               {"JSON",
                "With a TREE: `units` (as of `cairn split`), `layers` (each with `kept`, for a kept one `digest` and `size_bytes`, "
                "`reason`, "
                "`plain_bytes`, `dead_bytes`, `units`), `written_plain_bytes` (of units in new layers), `new_plain_bytes` (of units "
                "that are added or changed), `problems`.\n\n"
                "With `--simulate`: `layers` (the budget), `dead_cap`, `new_bytes`, `fetched_bytes` (both without the first release), "
                "`amplification` (fetched to new; absent when nothing is new), and `releases`, each with `units`, `new_bytes`, "
                "`fetched_bytes`, `live_bytes`, `dead_bytes`, `layers`, and `made`: new layers by reason (`first`, `new`, `merge`, "
                "`dead-cap`)."}},
      },
      [options, &program] { return run(*options, program); });
  command.optional_word("TREE", "the module tree that would be split", options->tree, ValueKind::directory)
      .option("--tag", "NAME:TAG", "the name that the split would have: what it is now is the previous release", options->tag,
              ValueKind::image);
  add_release_options(command, options->release);
  add_mapping_options(command, options->mapping);
  command.number("--simulate", "N", "play this many releases after the first", 1, most_releases, options->simulate)
      .option("--model", "FILE", "how the library changes", options->model, ValueKind::file);
}

}  // namespace cairn::cli
