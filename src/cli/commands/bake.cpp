// SPDX-License-Identifier: Apache-2.0
#include <cairn/base/error.hpp>
#include <cairn/library/bake.hpp>
#include <cairn/os/fd.hpp>
#include <cairn/store/layer_target.hpp>
#include <cli/commands/commands.hpp>
#include <cli/module_choice.hpp>
#include <cli/image_result.hpp>
#include <cli/render/text.hpp>
#include <cli/time.hpp>

#include <fmt/format.h>

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace cairn::cli {
namespace {

struct Options {
  std::string image;
  std::optional<std::string> library;
  std::vector<std::string> modules;
  std::optional<std::string> collection;
  ResultOptions result;
};

void tell(Program& program, const library::Baked& baked, const Options& options)
{
  if (baked.replaced) program.note(fmt::format("{}: has a library, which is replaced", options.image));
  program.note(fmt::format("{}: {}", options.modules.empty() && !options.collection ? "all of the library" : "a part of the library",
                           count_text(baked.document.units.size(), "unit", "units")));
  program.note(fmt::format("{} kept ({}), {} new ({})", count_text(baked.kept_layers, "layer", "layers"), size_text(baked.kept_bytes),
                           count_text(baked.new_layers, "layer", "layers"), size_text(baked.new_bytes)));
  if (baked.joined_layers != 0)
    program.note(fmt::format("{} made of several: an image has at most {}", count_text(baked.joined_layers, "layer was", "layers were"),
                             image::runtime_layer_limit));
}

Exit run(const Options& options, Program& program)
{
  check_result_options(options.result);
  library::BakeSettings settings;
  settings.modules = chosen_modules(options.modules, options.collection);
  settings.created = created_time();
  settings.threads = program.settings().jobs.value;
  settings.base_name = base_name(options.image);
  auto store = program.open_store(store::Access::write);
  const auto hold = store.hold(LockMode::shared, program.task("wait for the store"));
  const auto open = open_image(program, options.image, options.result.registry);
  const auto base = image::load(*open.blobs, open.manifest);
  settings.base_digest = open.manifest.digest;
  const auto shelf = open_image(program, *options.library, options.result.registry);
  const auto library = library::load(*shelf.blobs, shelf.manifest);

  const auto baked = library::bake(
      base, *shelf.blobs, library, settings, [&] { return std::make_unique<store::StoreTarget>(store); },
      program.task("bake " + options.image));
  std::set<Digest> of_base, of_library;
  for (const auto& layer : base.manifest.layers) of_base.insert(layer.digest);
  for (const auto& layer : library.image.manifest.layers) of_library.insert(layer.digest);
  const auto origin = [&](const oci::Descriptor& layer) -> const oci::BlobSource& {
    if (of_base.contains(layer.digest)) return *open.blobs;
    if (of_library.contains(layer.digest)) return *shelf.blobs;
    return store;
  };
  tell(program, baked, options);
  publish_result(program, store, baked.image, origin, options.result, [&](oci::JsonWriter& json) {
    json.member("units", baked.document.units.size()).member("kept_layers", baked.kept_layers).member("kept_bytes", baked.kept_bytes);
    json.member("new_layers", baked.new_layers).member("new_bytes", baked.new_bytes).member("joined_layers", baked.joined_layers);
    json.member("replaced", baked.replaced);
  });
  return Exit::done;
}

}  // namespace

void add_bake(CommandLine& line, Program& program)
{
  const auto options = std::make_shared<Options>();  // shared with the command's options, which fill it
  auto& command = line.add(
      {
          .name = "bake",
          .summary = "Put a library's modules into an image",
          .description =
              "Adds the layers of a library to IMAGE. The modules appear at the library's target, and Lmod in the image finds them: "
              "`MODULEPATH` and `LMOD_RC` are set, in front of what the image has. Lmod itself must be in the image.\n\n"
              "Without more, all of the library is added, layers as they are: no layer is read. With `--module` or `--collection` only "
              "those "
              "modules and what they need: their fragments are copied out of the library's layers, nothing is compressed again, and "
              "`module avail` and `module spider` show nothing else. The result is a library too: cairn modules shows what is in it.\n\n"
              "A library that IMAGE had before is replaced. An image gets at most 120 layers, which every runtime takes: if need be, small "
              "neighbours among the library's layers are joined, and cairn says so.",
          .examples = {{"cairn bake debian:lmod --library library:2026.11 --tag notebook:2026.11", "All modules."},
                       {"cairn bake debian:lmod --library library:2026.11 --module Greeting/2.0 --tag notebook:greeting",
                        "One module with what it needs."},
                       {"cairn bake debian:lmod --library library:2026.11 --collection ~/.lmod.d/mine --tag notebook:mine",
                        "What `module save mine` wrote."}},
          .sections =
              {{"JSON",
                "One object: `manifest` (digest), `size_bytes` (of everything), `tag`, `layers` (their number), `units`, `kept_layers`, "
                "`kept_bytes`, `new_layers`, `new_bytes`, `joined_layers` (numbers) and `replaced` (whether the image had a library)."}},
      },
      [options, &program] { return run(*options, program); });
  command.word("IMAGE", "name, digest, or an image elsewhere", options->image, ValueKind::image)
      .option("--library", "IMAGE", "the library", options->library, ValueKind::image)
      .required()
      .option("--module", "NAME", "a module to add, with what it needs; may be repeated", options->modules)
      .option("--collection", "FILE", "add the modules of a collection that `module save` wrote", options->collection, ValueKind::file);
  add_result_options(command, options->result);
}

}  // namespace cairn::cli
