// SPDX-License-Identifier: Apache-2.0
#include <cli/commands/commands.hpp>
#include <cli/image_result.hpp>

#include <memory>
#include <string>
#include <vector>

namespace cairn::cli {
namespace {

struct Options {
  std::string image;
  std::vector<std::string> set;
  std::vector<std::string> remove;
  ResultOptions result;
};

Exit run(const Options& options, Program& program)
{
  check_result_options(options.result);
  if (options.set.empty() && options.remove.empty())
    throw UsageError("'annotate' needs KEY=VALUE or --remove KEY; see cairn annotate --help");
  const auto changes = name_changes("annotate", options.set, options.remove);
  auto store = program.open_store(store::Access::write);
  const auto hold = store.hold(LockMode::shared, program.task("wait for the store"));
  const auto open = open_image(program, options.image, options.result.registry);
  const auto image = image::annotate(image::load(*open.blobs, open.manifest), changes);
  publish_result(program, store, image, [&](const oci::Descriptor&) -> const oci::BlobSource& { return *open.blobs; }, options.result);
  return Exit::done;
}

}  // namespace

void add_annotate(CommandLine& line, Program& program)
{
  const auto options = std::make_shared<Options>();  // shared with the command's options, which fill it
  auto& command = line.add(
      {
          .name = "annotate",
          .summary = "Set or remove annotations of an image",
          .description =
              "Makes an image that differs from IMAGE in its manifest's annotations alone: the same layers, the same config. Of a "
              "multi-platform image it takes the one for this machine.",
          .examples = {{"cairn annotate library:2026.11 org.opencontainers.image.version=2026.11 --tag library:2026.11",
                        "Say which release it is, under the same name."},
                       {"cairn annotate library:2026.11 --remove org.opencontainers.image.version --tag library:plain",
                        "Take it away again."}},
          .sections = {result_section()},
      },
      [options, &program] { return run(*options, program); });
  command.word("IMAGE", "name, digest, or an image elsewhere", options->image, ValueKind::image)
      .words("KEY=VALUE", "annotations to set", OptionSpec::Count::any, options->set)
      .option("--remove", "KEY", "an annotation to remove", options->remove);
  add_result_options(command, options->result);
}

}  // namespace cairn::cli
