// SPDX-License-Identifier: Apache-2.0
#include <cli/commands/commands.hpp>
#include <cli/transfer.hpp>

#include <memory>
#include <optional>
#include <string>

namespace cairn::cli {
namespace {

struct Options {
  std::string source;
  std::string destination;
  std::optional<std::string> platform;
  std::optional<std::string> digestfile;
  RegistryFlags both;
  RegistryFlags from;
  RegistryFlags to;
};

Exit run(const Options& options, Program& program)
{
  const auto open = open_image(program, options.source, merged(options.from, options.both));
  const auto manifest = wanted(open, options.platform);
  report(program, copy_to(program, open, manifest, options.destination, merged(options.to, options.both)), options.digestfile);
  return Exit::done;
}

}  // namespace

void add_copy(CommandLine& line, Program& program)
{
  const auto options = std::make_shared<Options>();  // shared with the command's options, which fill it
  auto& command =
      line.add(
              {
                  .name = "copy",
                  .summary = "Copy an image from anywhere to anywhere",
                  .description =
                      "SOURCE and DESTINATION are each a name in the store (`NAME:TAG`), `docker://HOST/REPOSITORY[:TAG]`, "
                      "`oci:DIR[:TAG]`, "
                      "`oci-archive:FILE[:TAG]`, `docker-archive:FILE[:NAME:TAG]`, or `containers-storage:NAME[:TAG]` (podman's and "
                      "buildah's, "
                      "by way of buildah), as in containers-transports(5).\n\n"
                      "Blobs stay as they are, and so do digests, except in `docker-archive`, which holds plain layers, and in what "
                      "`containers-storage` "
                      "makes of them. Between repositories of one registry nothing is sent: blobs are mounted. An index is copied with all "
                      "its "
                      "images where the destination can hold it, or with `--platform` one of them alone. The manifest's digest is printed.",
                  .examples = {{"cairn copy library:2026.11 oci-archive:library.tar", "For a machine without a network."},
                               {"cairn copy docker://registry.example.com/modules/library:2026.11 "
                                "docker://registry.example.com/archive/library:2026.11",
                                "Within a registry: moves no bytes."}},
                  .sections = {{"JSON", "One object: `manifest` (digest), `destination`, `blobs` and `bytes` (what was copied)."}},
              },
              [options, &program] { return run(*options, program); })
          .word("SOURCE", "where the image is", options->source, ValueKind::image)
          .word("DESTINATION", "where it goes", options->destination)
          .option("--platform", "OS/ARCH[/VARIANT]", "of an index only the image for it", options->platform)
          .option("--digestfile", "FILE", "write the manifest's digest to FILE", options->digestfile, ValueKind::file);
  add_registry_options(command, options->both);
  add_registry_options(command, options->from, "src-");
  add_registry_options(command, options->to, "dest-");
}

}  // namespace cairn::cli
