// SPDX-License-Identifier: Apache-2.0
#include <cairn/base/error.hpp>
#include <cairn/build/build.hpp>
#include <cairn/os/temp.hpp>
#include <cairn/recipe/image_file.hpp>
#include <cli/commands/commands.hpp>
#include <cli/image_result.hpp>
#include <cli/render/text.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace cairn::cli {
namespace {

struct Options {
  std::vector<std::string> words;
  std::vector<std::string> set;
};

constexpr std::string_view first_recipe = R"(# An image: cairn build . --tag NAME:TAG (docs/formats/recipe.md)
description: My image
# A directory with a base.yaml, or an image: {image: docker://HOST/REPOSITORY@sha256:…}
base: {image: base:1}
layers:
  - files: files
    to: /opt/app
# - python: Pipfile.lock
#   prefix: /opt/app-root
env:
  PATH: /opt/app/bin:${PATH}
workdir: /opt/app
)";

std::string step_text(const recipe::Step& step)
{
  struct Text {
    std::string operator()(const recipe::FilesStep& s) const
    {
      return fmt::format("{} to {}{}", s.from, s.to, s.is_group_writable ? ", group-writable" : "");
    }
    std::string operator()(const recipe::PythonStep& s) const
    {
      return fmt::format("{} into {}{}{}", s.lock, s.prefix, s.makes_venv ? ", with the environment" : "",
                         s.bytecode == recipe::Bytecode::none ? "" : ", with bytecode");
    }
    std::string operator()(const recipe::PackagesStep& s) const { return fmt::format("{}", fmt::join(s.packages, " ")); }
    std::string operator()(const recipe::RunStep& s) const { return s.script.substr(0, s.script.find('\n')); }
    std::string operator()(const recipe::ModulesStep& s) const
    {
      return s.modules.empty() ? s.library : fmt::format("{}: {}", s.library, fmt::join(s.modules, " "));
    }
  };
  return std::visit(Text{}, step.what);
}

Exit explain(Program& program, const recipe::ImageFile& recipe)
{
  if (program.json()) {
    oci::JsonWriter json(oci::JsonStyle::readable);
    json.begin_object().member("description", recipe.description).member("base", recipe.base_image.empty() ? recipe.base_directory : recipe.base_image);
    json.begin_array("steps");
    for (const auto& step : recipe.steps) {
      json.begin_object().member("layer", step.layer).member("kind", std::string(recipe::kind_of(step))).member("native", !recipe::runs_in_container(step));
      json.member("what", step_text(step)).member("place", step.place).end_object();
    }
    json.end_array().begin_object("env");
    for (const auto& [name, value] : recipe.config.env) json.member(name, value);
    json.end_object().member("unpinned", build::unpinned(recipe)).end_object();
    program.print(json);
    return Exit::done;
  }
  Table table({{"LAYER"}, {"KIND"}, {"MADE"}, {"WHAT", Align::left, Shrink::yes}, {"WHERE"}});
  table.add({"base", "base", "", recipe.base_image.empty() ? recipe.base_directory : recipe.base_image, recipe.base_place});
  for (const auto& step : recipe.steps)
    table.add({step.layer, std::string(recipe::kind_of(step)), recipe::runs_in_container(step) ? "in a container" : "directly", step_text(step), step.place});
  program.print(table);
  for (const auto& line : build::unpinned(recipe)) program.note("not pinned: " + line);
  return Exit::done;
}

Exit init(Program& program, const std::filesystem::path& directory)
{
  const auto path = directory / recipe::image_file_name;
  if (std::filesystem::exists(path)) throw Error(Errc::exists, fmt::format("{}: is there already", printable(path.native())));
  std::filesystem::create_directories(directory / "files");
  write_file_atomically(path, std::string(first_recipe));
  program.note(fmt::format("wrote {}; say there what the base is, put files into {}, then cairn build {} --tag NAME:TAG", path.native(),
                           (directory / "files").native(), directory.native()));
  return Exit::done;
}

Exit run(const Options& options, Program& program)
{
  const auto& action = options.words.front();
  if (options.words.size() > 2) throw UsageError(fmt::format("'recipe {}' takes one directory; see cairn recipe --help", printable(action)));
  const std::filesystem::path directory = options.words.size() == 2 ? options.words[1] : ".";
  if (action == "init") return init(program, directory);
  if (action != "check" && action != "explain")
    throw UsageError(fmt::format("'recipe {}': there are check, explain and init; see cairn recipe --help", printable(action)));
  recipe::Variables set;
  for (const auto& text : options.set) set.insert_or_assign(split_assignment("--set", text).first, split_assignment("--set", text).second);
  const auto recipe = recipe::read_image_file(directory, set);
  if (action == "explain") return explain(program, recipe);
  program.note(fmt::format("{}: {}", recipe.path.native(), count_text(recipe.steps.size(), "step", "steps")));
  return Exit::done;
}

}  // namespace

void add_recipe(CommandLine& line, Program& program)
{
  const auto options = std::make_shared<Options>();  // shared with the command's options, which fill it
  auto& command = line.add(
      {
          .name = "recipe",
          .summary = "Check, explain or begin a recipe",
          .description = "  cairn recipe check [DIR]     read cairn.yaml and all that it names\n"
                         "  cairn recipe explain [DIR]   the steps of a build, and what is not pinned\n"
                         "  cairn recipe init [DIR]      write a first cairn.yaml\n\n"
                         "Errors name file, line and column. docs/formats/recipe.md has every key.",
          .examples =
              {
                  {"cairn recipe check project", "Is it well written?"},
                  {"cairn recipe explain project", "What would be done."},
              },
          .sections = {{"JSON",
                        "`explain`: an object with `description`, `base`, `steps` (each `layer`, `kind`, `native`, `what`, `place`), `env`, `unpinned` "
                        "(a line for each thing that `cairn build --locked` refuses)."}},
      },
      [options, &program] { return run(*options, program); });
  command.words("check|explain|init [DIR]", "see above", OptionSpec::Count::some, options->words, ValueKind::directory)
      .option("--set", "NAME=VALUE", "a variable of the recipe; may be given more than once", options->set);
}

}  // namespace cairn::cli
