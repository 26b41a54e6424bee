// SPDX-License-Identifier: Apache-2.0
#include <cairn/store/layer_target.hpp>
#include <cli/commands/commands.hpp>
#include <cli/image_result.hpp>
#include <cli/time.hpp>

#include <memory>
#include <string>

namespace cairn::cli {
namespace {

struct Options {
  std::string image;
  ResultOptions result;
};

Exit run(const Options& options, Program& program)
{
  check_result_options(options.result);
  auto store = program.open_store(store::Access::write);
  const auto hold = store.hold(LockMode::shared, program.task("wait for the store"));
  const auto open = open_image(program, options.image, options.result.registry);
  const auto image = image::load(*open.blobs, open.manifest);
  store::StoreTarget target(store);
  const auto flat =
      image::flatten(*open.blobs, image, layer_settings(program), created_time(), target, program.task("flatten " + options.image));
  publish_result(program, store, flat, [&](const oci::Descriptor&) -> const oci::BlobSource& { return store; }, options.result);
  return Exit::done;
}

}  // namespace

void add_flatten(CommandLine& line, Program& program)
{
  const auto options = std::make_shared<Options>();  // shared with the command's options, which fill it
  auto& command = line.add(
      {
          .name = "flatten",
          .summary = "Make an image of one layer, which shows the same",
          .description = "Whiteouts are applied, so what lower layers hid is gone for good. Files keep their owners, modes, times, "
                         "attributes and hard "
                         "links, and no root is needed, since nothing is unpacked to disk. The same image gives the same bytes.\n\n"
                         "The config stays but for its history. A library becomes an ordinary image: its fragments can no longer be told "
                         "apart. Memory "
                         "grows with the number of files: about 180 bytes each.",
          .examples = {{"cairn flatten library:2026.11 --tag flat:2026.11", "Every module in one layer."}},
          .sections = {result_section()},
      },
      [options, &program] { return run(*options, program); });
  command.word("IMAGE", "name, digest, or an image elsewhere", options->image, ValueKind::image);
  add_result_options(command, options->result);
}

}  // namespace cairn::cli
