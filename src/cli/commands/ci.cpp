// SPDX-License-Identifier: Apache-2.0
#include <cairn/base/error.hpp>
#include <cairn/deploy/pipeline.hpp>
#include <cairn/os/temp.hpp>
#include <cli/commands/commands.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

namespace cairn::cli {
namespace {

struct Options {
  std::string service;
  std::optional<std::string> image;
  std::optional<std::string> directory;
  bool force = false;
};

Exit run(const Options& options, Program& program)
{
  const auto found = std::ranges::find(deploy::service_names, options.service);
  if (found == deploy::service_names.end())
    throw UsageError(
        fmt::format("{} is no service that cairn knows: {}", printable(options.service), fmt::join(deploy::service_names, ", ")));
  const auto service = static_cast<deploy::Service>(found - deploy::service_names.begin());
  const auto text = deploy::pipeline(service, *options.image);
  if (!options.directory) {
    program.print(text);
    return Exit::done;
  }
  const auto path = std::filesystem::path(*options.directory) / deploy::pipeline_path(service);
  if (std::filesystem::exists(path) && !options.force)
    throw Error(Errc::exists, fmt::format("{} is there already; --force replaces it", printable(path.native())));
  std::filesystem::create_directories(path.parent_path());
  write_file_atomically(path, text);
  program.print(path.native() + '\n');
  return Exit::done;
}

}  // namespace

void add_ci(CommandLine& line, Program& program)
{
  const auto options = std::make_shared<Options>();  // shared with the command's options, which fill it
  line.add(
          {
              .name = "ci",
              .summary = "Write a pipeline file that makes an image of every pushed tag",
              .description = "For GitHub Actions, GitLab CI, Tekton or Jenkins. The pipeline runs `cairn release` in cairn's image. It "
                             "holds no secrets: "
                             "credentials come from the service, as REGISTRY_AUTH (GitHub, GitLab), workspace `auth` (Tekton), credential "
                             "`registry-auth` (Jenkins), each the auth.json that `cairn login --authfile` writes.",
              .examples = {{"cairn ci gitlab --image registry.example.com/cairn:1", "Show it."},
                           {"cairn ci github --image registry.example.com/cairn:1 --write .", "Put it where GitHub looks for it."}},
              .sections = {},
          },
          [options, &program] { return run(*options, program); })
      .word("github|gitlab|tekton|jenkins", "the service", options->service)
      .option("--image", "IMAGE", "cairn's image, where the service pulls it", options->image)
      .required()
      .option("--write", "DIR", "write it into this repository instead of stdout", options->directory, ValueKind::directory)
      .flag("--force", "replace the file that is there", options->force);
}

}  // namespace cairn::cli
