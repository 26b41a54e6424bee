// SPDX-License-Identifier: Apache-2.0
#include <cairn/base/error.hpp>
#include <cli/commands/commands.hpp>
#include <cli/registry_access.hpp>

#include <fmt/format.h>

#include <memory>
#include <optional>
#include <string>

namespace cairn::cli {
namespace {

struct Options {
  std::optional<std::string> host;
  bool all = false;
  RegistryFlags registry;
};

Exit run(const Options& options, Program& program)
{
  if (options.all == options.host.has_value()) throw UsageError("'logout' needs REGISTRY or --all, one of them; see cairn logout --help");
  const RegistryAccess access(program, options.registry);
  const auto keys = options.all ? registry::stored_keys(access.places()) : std::vector{*options.host};
  for (const auto& key : keys) {
    if (!registry::erase_credentials(access.places(), key, access.task()))
      throw Error(Errc::not_found, fmt::format("{}: no credentials in {}", printable(key), printable(access.places().writable().native())));
    program.note(fmt::format("logged out of {}", printable(key)));
  }
  return Exit::done;
}

}  // namespace

void add_logout(CommandLine& line, Program& program)
{
  const auto options = std::make_shared<Options>();  // shared with the command's options, which fill it
  line.add(
          {
              .name = "logout",
              .summary = "Forget credentials for a registry",
              .description =
                  "Removes what `cairn login` (or `podman login`) keeps in the file or helper that it writes to; all else there stays.",
              .examples = {{"cairn logout registry.example.com", "Forget one registry."},
                           {"cairn logout --all", "Forget all in that file."}},
              .sections = {},
          },
          [options, &program] { return run(*options, program); })
      .optional_word("REGISTRY", "host[:port][/namespace]", options->host)
      .flag("--all", "every registry in the file", options->all)
      .option("--authfile", "FILE", "the file", options->registry.authfile, ValueKind::file);
}

}  // namespace cairn::cli
