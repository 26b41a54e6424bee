// SPDX-License-Identifier: Apache-2.0
#include <cairn/base/error.hpp>
#include <cli/commands/commands.hpp>
#include <cli/registry_access.hpp>

#include <fmt/format.h>

#include <memory>
#include <string>

namespace cairn::cli {
namespace {

struct Options {
  std::string image;
  RegistryFlags registry;
};

Exit run(const Options& options, Program& program)
{
  constexpr std::string_view start = "docker://";
  if (!options.image.starts_with(start))
    throw UsageError(
        fmt::format("'delete' takes docker://HOST/REPOSITORY:TAG; to remove {} from the store use cairn untag", printable(options.image)));
  const auto text = options.image.substr(start.size());
  RegistryAccess access(program, options.registry);
  const auto opened = access.push_to(text);
  if (!opened.name.tag && !opened.name.digest) throw UsageError("'delete' needs a tag or a digest");
  const auto manifest = opened.repository->resolve(opened.name.reference(), access.task());
  opened.repository->remove(manifest.digest, access.task());
  if (program.json()) {
    oci::JsonWriter json(oci::JsonStyle::readable);
    json.begin_object().member("manifest", manifest.digest).end_object();
    program.print(json);
  } else {
    program.print(manifest.digest.str() + '\n');
  }
  return Exit::done;
}

}  // namespace

void add_delete(CommandLine& line, Program& program)
{
  const auto options = std::make_shared<Options>();  // shared with the command's options, which fill it
  auto& command =
      line.add(
              {
                  .name = "delete",
                  .summary = "Delete an image from a registry",
                  .description = "Deletes the manifest that the tag or digest names, and with it every tag that means it. Registries free "
                                 "the space of "
                                 "its layers when they collect garbage; some allow no deleting. The deleted manifest's digest is printed.",
                  .examples = {{"cairn delete docker://registry.example.com/modules/library:2026.10", "Retire a release."}},
                  .sections = {{"JSON", "One object: `manifest` (digest)."}},
              },
              [options, &program] { return run(*options, program); })
          .word("IMAGE", "docker://HOST/REPOSITORY:TAG or @DIGEST", options->image);
  add_registry_options(command, options->registry);
}

}  // namespace cairn::cli
