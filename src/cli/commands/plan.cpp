// SPDX-License-Identifier: Apache-2.0
#include <cairn/base/error.hpp>
#include <cairn/library/simulate.hpp>
#include <cairn/library/split.hpp>
#include <cairn/recipe/change_model_file.hpp>
#include <cli/commands/commands.hpp>
#include <cli/render/text.hpp>

#include <fmt/format.h>

#include <memory>
#include <optional>
#include <string>

namespace cairn::cli {
namespace {

constexpr std::uint64_t most_releases = 10'000;

struct Options {
  std::optional<std::uint64_t> simulate;
  std::optional<std::string> model;
  std::optional<std::uint64_t> layers;
  std::optional<std::uint64_t> dead_percent;
};

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

std::string amplification_text(const library::SimulatedRelease& release)
{
  if (release.new_bytes == 0) return "-";
  return fmt::format("{:.2f}", static_cast<double>(release.fetched_bytes) / static_cast<double>(release.new_bytes));
}

/// `2 new, 1 merge`
std::string made_text(const library::SimulatedRelease& release)
{
  std::string out;
  for (const auto& [reason, count] : release.made) out += fmt::format("{}{} {}", out.empty() ? "" : ", ", count, name(reason));
  return out.empty() ? "-" : out;
}

Table table_of(const library::Simulation& simulation)
{
  Table table({{"RELEASE", Align::right},
               {"UNITS", Align::right},
               {"NEW", Align::right},
               {"FETCHED", Align::right},
               {"RATIO", Align::right},
               {"DEAD", Align::right},
               {"LAYERS", Align::right},
               {"LAYERS MADE", Align::left, Shrink::yes}});
  for (std::size_t i = 0; i < simulation.releases.size(); ++i) {
    const auto& release = simulation.releases[i];
    table.add({fmt::format("{}", i), fmt::format("{}", release.units), size_text(release.new_bytes), size_text(release.fetched_bytes),
               amplification_text(release), size_text(release.dead_bytes), fmt::format("{}", release.layers), made_text(release)});
  }
  return table;
}

oci::JsonWriter record(const library::Simulation& simulation, const library::SimulationSettings& settings)
{
  oci::JsonWriter json(oci::JsonStyle::readable);
  json.begin_object().member("layers", settings.budget_layers).member("dead_cap", settings.dead_cap);
  json.member("new_bytes", simulation.new_bytes).member("fetched_bytes", simulation.fetched_bytes);
  if (const auto amplification = simulation.amplification()) json.member("amplification", *amplification);
  json.begin_array("releases");
  for (const auto& release : simulation.releases) {
    json.begin_object()
        .member("units", release.units)
        .member("new_bytes", release.new_bytes)
        .member("fetched_bytes", release.fetched_bytes);
    json.member("live_bytes", release.live_bytes).member("dead_bytes", release.dead_bytes).member("layers", release.layers);
    json.begin_object("made");
    for (const auto& [reason, count] : release.made) json.member(name(reason), count);
    json.end_object().end_object();
  }
  json.end_array().end_object();
  return json;
}

Exit run(const Options& options, Program& program)
{
  if (!options.simulate) throw UsageError("--simulate N is missing: the number of releases to play");
  recipe::ChangeModelFile file;
  if (options.model) file = recipe::ChangeModelFile::read(*options.model);
  library::SimulationSettings settings;
  settings.budget_layers = options.layers.value_or(library::default_budget_layers);
  if (options.dead_percent) settings.dead_cap = static_cast<double>(*options.dead_percent) / 100;
  settings.index_bytes = file.index_bytes.value_or(settings.index_bytes);
  const auto history = history_of(std::move(file), options.model.value_or(""), *options.simulate);
  const auto simulation = [&] {
    const auto task = program.task("simulate");
    return library::simulate(history, settings, task);
  }();
  if (program.json()) program.print(record(simulation, settings));
  else program.print(table_of(simulation));
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
              "Plays releases of a library with the same plans that `split` makes, but reads and writes no tree. The change model says how "
              "the library changes: numbers from which a history is made up, or a history. For each release the table has the bytes that "
              "are new, the bytes that somebody fetches who has the release before, their ratio, dead bytes, and why layers were made. "
              "Release 0 is the first, fetched whole. Use it to choose `--layers`.",
          .examples =
              {
                  {"cairn plan --simulate 30 --layers 100", "A library of 500 modules, made up, over 30 releases."},
                  {"echo 'changed: 1.5' >m.yaml; cairn plan --simulate 9 --model m.yaml --dead 0",
                   "One that changes more, in images without dead bytes."},
                  {"cairn plan --simulate 100 --layers 32 --json --quiet | jq .amplification", "One number to compare budgets by."},
              },
          .sections = {{"Model", "The file is described in docs/formats/change-model.md. Without one, its defaults hold."},
                       {"JSON",
                        "One object: `layers` (the budget), `dead_cap`, `new_bytes`, `fetched_bytes` (both without the first release), "
                        "`amplification` (fetched to new; absent when nothing is new), and `releases`, each with `units`, `new_bytes`, "
                        "`fetched_bytes`, `live_bytes`, `dead_bytes`, `layers`, and `made`: new layers by reason (`first`, `new`, `merge`, "
                        "`dead-cap`)."}},
      },
      [options, &program] { return run(*options, program); });
  command.number("--simulate", "N", "play this many releases after the first", 1, most_releases, options->simulate)
      .option("--model", "FILE", "how the library changes", options->model, ValueKind::file)
      .number("--layers", "K", "most layers, the index layer included (64)", library::least_budget_layers, library::most_budget_layers,
              options->layers)
      .number("--dead", "PCT", "dead bytes may be this many percent of the live ones (10); 0: none", 0, 100, options->dead_percent);
}

}  // namespace cairn::cli
