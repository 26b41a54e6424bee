// SPDX-License-Identifier: Apache-2.0
#include <cairn/base/error.hpp>
#include <cairn/build/build.hpp>
#include <cairn/build/git.hpp>
#include <cairn/build/project.hpp>
#include <cairn/os/temp.hpp>
#include <cairn/recipe/aicoe_ci.hpp>
#include <cairn/release/plan.hpp>
#include <cli/base_options.hpp>
#include <cli/commands/commands.hpp>
#include <cli/compression_option.hpp>
#include <cli/image_argument.hpp>
#include <cli/image_result.hpp>
#include <cli/render/text.hpp>
#include <cli/time.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace cairn::cli {
namespace {

struct Options {
  std::optional<std::string> directory;
  std::optional<std::string> tag;
  std::optional<std::string> output;
  std::vector<std::string> set;
  std::vector<std::string> wheels;
  bool locked = false;
  bool no_cache = false;
  bool explain = false;
  bool incremental = false;
  std::optional<std::string> as_containerfile;
  std::optional<std::string> base;
  std::optional<std::string> builder;
  std::optional<std::string> scripts_url;
  std::optional<std::string> file;
  std::optional<std::string> strategy;
  std::optional<std::string> isolation;
  std::optional<std::string> compression;
  std::optional<std::uint64_t> level;
  RegistryFlags registry;
};

build::BuildSettings settings_of(const Options& options, const Program& program)
{
  auto out = build_settings(program, *options.tag);
  out.is_locked = options.locked;
  out.uses_records = !options.no_cache;
  out.layer.compression = chosen_compression(options.compression, options.level, program.settings());
  out.isolation = isolation_of(options.isolation);
  return out;
}

recipe::Variables set_of(const Options& options)
{
  recipe::Variables set;
  for (const auto& text : options.set) set.insert_or_assign(split_assignment("--set", text).first, split_assignment("--set", text).second);
  return set;
}

build::ProjectWishes wishes_of(const Options& options)
{
  build::ProjectWishes out{.base = options.base.value_or(""),
                           .builder = options.builder.value_or(""),
                           .scripts_url = options.scripts_url.value_or(""),
                           .containerfile = options.file.value_or("")};
  out.is_incremental = options.incremental;
  if (options.strategy == "containerfile" || options.file) out.kind = build::ProjectKind::containerfile;
  if (options.strategy == "s2i") out.kind = build::ProjectKind::s2i;
  if (options.strategy == "lock") out.kind = build::ProjectKind::lock;
  return out;
}

Table step_table(const build::Built& built)
{
  Table table({{"STEP"}, {"KIND"}, {"LAYERS", Align::right}, {"SIZE", Align::right}, {"TIME", Align::right}, {""}, {"WHY", Align::left, Shrink::yes}});
  for (const auto& step : built.steps)
    table.add({step.layer, step.kind, std::to_string(step.layers), size_text(step.bytes), fmt::format("{:.1f} s", static_cast<double>(step.time.count()) / 1000),
               step.was_made ? "made" : "known", step.why});
  return table;
}

oci::JsonWriter record(const build::Built& built, const std::string& tag)
{
  oci::JsonWriter json(oci::JsonStyle::readable);
  json.begin_object().member("manifest", built.image.descriptor.digest).member("tag", tag).member("unchanged", built.unchanged);
  json.member("size_bytes", total_bytes(built.image)).member("layers", built.image.manifest.layers.size()).begin_array("steps");
  for (const auto& step : built.steps) {
    json.begin_object().member("layer", step.layer).member("kind", step.kind).member("place", step.place).member("made", step.was_made);
    json.member("why", step.why).member("layers", step.layers).member("bytes", step.bytes);
    json.member("milliseconds", static_cast<std::uint64_t>(step.time.count())).end_object();
  }
  json.end_array().member("notes", built.notes).end_object();
  return json;
}

/// A repository of AICoE-CI's that has no recipe and of which nothing else was said is built as its file says; whether that is so.
bool take_aicoe(build::ProjectWishes& wishes, const std::filesystem::path& directory, Program& program)
{
  const auto file = directory / recipe::aicoe_ci_file_name;
  const bool is_told = wishes.kind || !wishes.builder.empty() || !wishes.base.empty();
  if (is_told || !std::filesystem::exists(file) || std::filesystem::exists(directory / recipe::image_file_name)) return false;
  const auto config = recipe::AicoeCi::read(file);
  for (const auto& warning : config.warnings) program.warn(warning);
  if (!config.build) return false;
  const auto said = release::wishes_of(*config.build, directory);
  wishes.kind = said.kind;
  wishes.builder = said.builder;
  wishes.containerfile = said.containerfile;
  if (wishes.scripts_url.empty()) wishes.scripts_url = said.scripts_url;
  return true;
}

Exit write_containerfile(const Options& options, const build::Project& project, Program& program)
{
  std::filesystem::path file(*options.as_containerfile);
  if (!file.has_filename()) file /= "Containerfile";
  build::write_containerfile(project, file, options.tag.value_or(""), build_surroundings(program, options.registry), program.task("write " + file.native()));
  program.print(file.native() + '\n');
  return Exit::done;
}

Exit run(const Options& options, Program& program)
{
  if (!options.tag && !options.as_containerfile) throw UsageError("'build' needs --tag NAME:TAG; see cairn build --help");
  if (options.tag) store::check_tag_name(*options.tag);
  std::optional<image::Reference> output;
  if (options.output) output = parse_output(*options.output);  // refuse it now, not at the end
  TempDir clone;  // of a repository
  std::filesystem::path directory = options.directory.value_or(".");
  auto wishes = wishes_of(options);
  if (const auto place = build::GitPlace::parse(options.directory.value_or("."))) {
    directory = build::check_out(*place, clone.path(), program.task("fetch the repository"));
    wishes.source = build::without_credentials(place->url);
    wishes.source_directory = place->directory;
  }
  const auto by_aicoe = take_aicoe(wishes, directory, program);
  auto project = build::detect_project(directory, wishes);
  if (by_aicoe) project.why = fmt::format("{} says so", recipe::aicoe_ci_file_name);
  if (options.as_containerfile) return write_containerfile(options, project, program);
  if (project.kind == build::ProjectKind::lock && project.wishes.base.empty()) project.wishes.base = build::find_base(project, base_places());
  if (project.kind != build::ProjectKind::recipe && !options.set.empty()) throw UsageError("--set: only a cairn.yaml has variables");
  auto store = program.open_store(store::Access::write);
  auto surroundings = build_surroundings(program, options.registry);
  surroundings.wheels = options.wheels;
  const auto built = [&] {
    const auto task = program.task("build " + *options.tag);
    const auto settings = settings_of(options, program);
    if (project.kind == build::ProjectKind::recipe) return build::build(recipe::read_image_file(directory, set_of(options)), settings, surroundings, store, task);
    return build::build_project(project, settings, surroundings, store, task);
  }();
  if (options.explain && !program.json()) program.note(fmt::format("built as {}: {}", build::name(project.kind), project.why));
  for (const auto& note : built.notes) program.warn(note);
  if (output) export_image(program, store, built.image, *options.tag, *output);
  if (program.json()) {
    program.print(record(built, *options.tag));
    return Exit::done;
  }
  if (options.explain) program.print(step_table(built));
  else program.print(built.image.descriptor.digest.str() + '\n');
  std::size_t made = 0;
  for (const auto& step : built.steps) made += step.was_made ? 1 : 0;
  program.note(built.unchanged ? std::string("nothing changed")
                               : fmt::format("{} made, {} known; {} in {}", count_text(made, "step", "steps"), built.steps.size() - made,
                                             size_text(total_bytes(built.image)), count_text(built.image.manifest.layers.size(), "layer", "layers")));
  return Exit::done;
}

}  // namespace

void add_build(CommandLine& line, Program& program)
{
  const auto options = std::make_shared<Options>();  // shared with the command's options, which fill it
  auto& command = line.add(
      {
          .name = "build",
          .summary = "Build an image from a recipe",
          .description =
              "DIR is a directory or a git URL. With a cairn.yaml it is a recipe: a base, layers in order, and the config (docs/formats/recipe.md). Without "
              "one it is built as its .aicoe-ci.yaml says, or by its Containerfile or Dockerfile, by S2I with a `--builder`, or, when there is nothing but a lock of Python packages, as "
              "these packages and the source on a base (docs/projects.md); `--explain` says which.\n\n"
              "Files, locked stacks of Python "
              "packages and modules become layers directly, without a container and without root; `packages` and `run` steps run in a "
              "container by buildah, and what they change is normalised, so that the same step gives the same bytes.\n\n"
              "Every step is known by what it reads. One that is as it was is looked up, the others are made, independent ones side by side. "
              "When only the base changes, layers that were made without it are put on the new one as they are.",
          .examples =
              {
                  {"cairn build project --tag project:1", "Build the recipe in a directory."},
                  {"cairn build project --tag project:1 --explain", "Which step was made, and why."},
                  {"cairn build app --base debian:12.1 --tag app:1 || true", "A repository with a Pipfile.lock, on a base of your own (this one has no Python)."},
              },
          .sections =
              {
                  {"JSON",
                   "One object: `manifest` (digest), `tag`, `unchanged`, `size_bytes`, `layers`, `steps` (each `layer`, `kind`, `place`, `made`, "
                   "`why`, `layers`, `bytes`, `milliseconds`), `notes`."},
                  {"Environment",
                   "`CAIRN_CACHE` is where packages of bases are kept, `CAIRN_WHEEL_CACHE` where wheels are. Python sources are as in cairn-python(1). "
                   "`SOURCE_DATE_EPOCH` is the image's time of creation."},
              },
      },
      [options, &program] { return run(*options, program); });
  command.optional_word("DIR|URL[#REF[:DIR]]", "the project; this directory if not given", options->directory, ValueKind::directory)
      .option("--tag", "NAME:TAG", "name of the image in the store", options->tag)
      .option("--output", "PLACE", "copy the image there too: `oci:DIR[:TAG]` or `oci-archive:FILE[:TAG]`", options->output)
      .option("--set", "NAME=VALUE", "a variable of the recipe; may be given more than once", options->set)
      .option("--wheels", "DIR", "a directory with wheels, looked at before any index", options->wheels, ValueKind::directory)
      .choice("--strategy", {"detect", "containerfile", "s2i", "lock"}, "how a project without a cairn.yaml is built", options->strategy)
      .option("--base", "IMAGE|DIR", "what a project with nothing but a lock is built on", options->base)
      .option("--builder", "IMAGE", "the S2I builder", options->builder, ValueKind::image)
      .option("--scripts-url", "URL", "of S2I scripts: `image:///PATH`, `file:///DIR`", options->scripts_url)
      .flag("--incremental", "S2I: let assemble have what the image with the tag saved", options->incremental)
      .option("--as-containerfile", "FILE", "S2I: write a Containerfile, and its files beside it, and build nothing", options->as_containerfile, ValueKind::file)
      .option("--file", "FILE", "the Containerfile, from DIR", options->file, ValueKind::file)
      .flag("--locked", "refuse whatever is not pinned", options->locked)
      .flag("--no-cache", "make every step anew", options->no_cache)
      .flag("--explain", "print which steps were made, and why, instead of the digest", options->explain)
      .choice("--isolation", {"auto", "oci", "rootless", "chroot"}, "how buildah isolates `packages` and `run` steps", options->isolation)
      .choice("--compression", {"zstd", "gzip", "none"}, "how layers are compressed; zstd unless settings say otherwise", options->compression)
      .number("--level", "N", "compression level: zstd 1 to 19 (3), gzip 1 to 12 (3)", 0, 19, options->level);
  add_registry_options(command, options->registry);
}

}  // namespace cairn::cli
