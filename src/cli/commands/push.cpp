// SPDX-License-Identifier: Apache-2.0
#include <cairn/image/reference.hpp>
#include <cli/commands/commands.hpp>
#include <cli/transfer.hpp>

#include <fmt/format.h>

#include <memory>
#include <optional>
#include <string>

namespace cairn::cli {
namespace {

struct Options {
  std::string image;
  std::optional<std::string> destination;
  std::optional<std::string> platform;
  std::optional<std::string> digestfile;
  RegistryFlags registry;
};

Exit run(const Options& options, Program& program)
{
  if (!options.destination && !registry::Name::names_host(options.image))
    throw UsageError(fmt::format("'push' needs a DESTINATION, since {} names no registry; see cairn push --help", options.image));
  const auto open = open_image(program, options.image, options.registry);
  const auto manifest = wanted(open, options.platform);
  report(program, push_image(program, open, manifest, image::without_transport(options.destination.value_or(options.image)), options.registry),
         options.digestfile);
  return Exit::done;
}

}  // namespace

void add_push(CommandLine& line, Program& program)
{
  const auto options = std::make_shared<Options>();  // shared with the command's options, which fill it
  auto& command =
      line.add(
              {
                  .name = "push",
                  .summary = "Send an image to a registry",
                  .description =
                      "Sends what the registry lacks, several blobs at a time; blobs that it has in a repository we know of are mounted. "
                      "Configs and layers go first, manifests after all that they name, the tag last: nobody sees half an image. What an "
                      "interrupted push sent stays there, and the next one goes on: layers over 64 MiB in their middle, where the registry "
                      "keeps what came of a chunk (Docker's own begins such a layer again).\n\n"
                      "An index is pushed with all its images, or with `--platform` one of them alone. The manifest's digest is printed.",
                  .examples = {{"cairn push library:2026.11 registry.example.com/modules/library:2026.11", "Publish a library."},
                               {"cairn push library:2026.11 docker://registry.example.com/modules/library --digestfile digest",
                                "Under the tag `latest`; keep the digest for a later step."}},
                  .sections = {{"JSON", "One object: `manifest` (digest), `destination`, `blobs` and `bytes` (what was sent)."}},
              },
              [options, &program] { return run(*options, program); })
          .word("IMAGE", "name, digest, or an image elsewhere", options->image, ValueKind::image)
          .optional_word("DESTINATION", "[docker://]HOST/REPOSITORY[:TAG]; without it IMAGE is also that", options->destination)
          .option("--platform", "OS/ARCH[/VARIANT]", "of an index only the image for it", options->platform)
          .option("--digestfile", "FILE", "write the manifest's digest to FILE", options->digestfile, ValueKind::file);
  add_registry_options(command, options->registry);
}

}  // namespace cairn::cli
