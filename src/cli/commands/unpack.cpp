// SPDX-License-Identifier: Apache-2.0
#include <cairn/image/image.hpp>
#include <cli/commands/commands.hpp>
#include <cli/image_argument.hpp>
#include <cli/render/text.hpp>

#include <fmt/format.h>

#include <chrono>
#include <memory>
#include <string>

namespace cairn::cli {
namespace {

struct Options {
  RegistryFlags registry;
  std::string image;
  std::string directory;
};

Exit run(const Options& options, Program& program)
{
  const auto begin = std::chrono::steady_clock::now();
  const auto open = open_image(program, options.image, options.registry);
  const auto image = image::load(*open.blobs, open.manifest);
  {
    const auto task = program.task("unpack " + options.image);
    image::unpack(*open.blobs, image, options.directory, task);
  }
  if (program.json()) {
    oci::JsonWriter json(oci::JsonStyle::readable);
    json.begin_object().member("manifest", image.descriptor.digest).member("directory", options.directory);
    json.member("layers", image.manifest.layers.size()).end_object();
    program.print(json);
  }
  program.note(fmt::format("{} in {}", count_text(image.manifest.layers.size(), "layer", "layers"),
                           duration_text(std::chrono::steady_clock::now() - begin)));
  return Exit::done;
}

}  // namespace

void add_unpack(CommandLine& line, Program& program)
{
  const auto options = std::make_shared<Options>();  // shared with the command's options, which fill it
  auto& command =
      line.add(
              {
                  .name = "unpack",
                  .summary = "Write the files of an image into a directory",
                  .description =
                      "Applies all layers, lowest first, as a container runtime does, and confines them to DIR whatever their links say. "
                      "Every "
                      "layer's digest is checked before anything below DIR is believed. A library's tree is then at DIR/TARGET: see `cairn "
                      "inspect`.\n\n"
                      "DIR is made when it is missing and must be empty. Files belong to who runs this, unless that is root.",
                  .examples = {{"cairn unpack library:2026.11 root", "Everything, below ./root."}},
                  .sections = {{"JSON", "One object: `manifest` (digest), `directory`, `layers` (a number)."}},
              },
              [options, &program] { return run(*options, program); })
          .word("IMAGE", "name, digest, or an image elsewhere", options->image, ValueKind::image)
          .word("DIR", "where to; missing or empty", options->directory, ValueKind::directory);
  add_registry_options(command, options->registry);
}

}  // namespace cairn::cli
