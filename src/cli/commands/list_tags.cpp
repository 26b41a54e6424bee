// SPDX-License-Identifier: Apache-2.0
#include <cairn/image/reference.hpp>
#include <cli/commands/commands.hpp>
#include <cli/registry_access.hpp>

#include <memory>
#include <string>

namespace cairn::cli {
namespace {

struct Options {
  std::string repository;
  RegistryFlags registry;
};

Exit run(const Options& options, Program& program)
{
  RegistryAccess access(program, options.registry);
  const auto opened = access.push_to(image::without_transport(options.repository));
  const auto tags = opened.repository->tags(access.task());
  if (program.json()) {
    oci::JsonWriter json(oci::JsonStyle::readable);
    json.begin_object().member("repository", opened.repository->path()).member("tags", tags).end_object();
    program.print(json);
    return Exit::done;
  }
  std::string out;
  for (const auto& tag : tags) out += tag + '\n';
  program.print(out);
  return Exit::done;
}

}  // namespace

void add_list_tags(CommandLine& line, Program& program)
{
  const auto options = std::make_shared<Options>();  // shared with the command's options, which fill it
  auto& command = line.add(
                          {
                              .name = "list-tags",
                              .summary = "List the tags of a repository in a registry",
                              .description = "One tag a line, sorted; all of them, however many pages the registry makes of them.",
                              .examples = {{"cairn list-tags docker://registry.example.com/modules/library", "Which releases there are."}},
                              .sections = {{"JSON", "One object: `repository` and `tags`."}},
                          },
                          [options, &program] { return run(*options, program); })
                      .word("REPOSITORY", "[docker://]HOST/REPOSITORY", options->repository);
  add_registry_options(command, options->registry);
}

}  // namespace cairn::cli
