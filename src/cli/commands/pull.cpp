// SPDX-License-Identifier: Apache-2.0
#include <cairn/base/error.hpp>
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
  std::optional<std::string> tag;
  std::optional<std::string> platform;
  std::optional<std::string> digestfile;
  RegistryFlags registry;
};

/// What was resolved first was used to the end; say so when the tag moved meanwhile.
void look_again(Program& program, const registry::Repository& repository, const registry::Name& name, const oci::Descriptor& pulled,
                const Task& task)
{
  if (name.digest) return;
  const auto now = repository.find(name.reference(), task);
  if (now && *now != pulled.digest)
    program.warn(
        fmt::format("{}: the tag moved while it was pulled: this is {}, it now means {}", name.str(), pulled.digest.str(), now->str()));
}

Exit run(const Options& options, Program& program)
{
  const auto text = image::without_transport(options.image);
  auto store = program.open_store(store::Access::write);
  OpenImage open;
  open.access = std::make_unique<RegistryAccess>(program, options.registry);
  const auto asked = open.access->conf().resolve(text);
  const auto tag =
      options.tag.value_or(asked.path() + ':' + asked.tag.value_or(asked.digest ? asked.digest->hex().substr(0, 12) : "latest"));
  store::check_tag_name(tag);
  auto found = open.access->find(text);
  const auto& repository = *found.repository;
  open.manifest = found.manifest;
  open.blobs = std::move(found.repository);
  const auto manifest = wanted(open, options.platform);
  const auto result = store_image(program, open, manifest, store, tag);
  look_again(program, repository, found.name, open.manifest, open.access->task());
  report(program, result, options.digestfile);
  return Exit::done;
}

}  // namespace

void add_pull(CommandLine& line, Program& program)
{
  const auto options = std::make_shared<Options>();  // shared with the command's options, which fill it
  auto& command =
      line.add(
              {
                  .name = "pull",
                  .summary = "Fetch an image from a registry into the store",
                  .description = "Fetches what the store lacks, several blobs at a time, and names it as the registry does, or as `--tag` "
                                 "says. Every blob "
                                 "is checked against its digest and size before anything can see it. What an interrupted pull left is "
                                 "kept, and the next "
                                 "one goes on from there, to the byte.\n\n"
                                 "Mirrors, short names and blocked registries of registries.conf are honoured. An index is pulled with all "
                                 "its images, "
                                 "or with `--platform` one of them alone. The manifest's digest is printed.",
                  .examples = {{"cairn pull registry.example.com/modules/library:2026.11 --tag library:2026.11", "Fetch a library."},
                               {"cairn pull docker://registry.example.com/modules/library:2026.11 --platform linux/amd64",
                                "Of a multi-platform index, one image."}},
                  .sections =
                      {{"JSON",
                        "One object: `manifest` (digest), `destination` (name in the store), `blobs` and `bytes` (what was fetched)."}},
              },
              [options, &program] { return run(*options, program); })
          .word("IMAGE", "[docker://]HOST/REPOSITORY[:TAG][@DIGEST], or a short name", options->image)
          .option("--tag", "NAME:TAG", "name in the store", options->tag)
          .option("--platform", "OS/ARCH[/VARIANT]", "of an index only the image for it", options->platform)
          .option("--digestfile", "FILE", "write the manifest's digest to FILE", options->digestfile, ValueKind::file);
  add_registry_options(command, options->registry);
}

}  // namespace cairn::cli
