// SPDX-License-Identifier: Apache-2.0
#include <cairn/base/error.hpp>
#include <cairn/layer/skeleton.hpp>
#include <cairn/store/layer_target.hpp>
#include <cli/commands/commands.hpp>
#include <cli/image_result.hpp>
#include <cli/time.hpp>

#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace cairn::cli {
namespace {

struct Options {
  std::string image;
  std::vector<std::string> sources;
  std::optional<std::string> target;
  ResultOptions result;
};

/// The archive path that `--target` means: "" for the root.
std::string prefix_of(const std::optional<std::string>& target)
{
  return !target || *target == "/" ? std::string() : layer::archive_prefix(*target);
}

Exit run(const Options& options, Program& program)
{
  check_result_options(options.result);
  const auto prefix = prefix_of(options.target);
  const auto settings = layer_settings(program);
  auto store = program.open_store(store::Access::write);
  const auto hold = store.hold(LockMode::shared, program.task("wait for the store"));
  const auto open = open_image(program, options.image, options.result.registry);
  const auto base = image::load(*open.blobs, open.manifest);
  std::vector<image::Layer> layers;
  std::set<Digest> made;
  for (const auto& source : options.sources) {
    store::StoreTarget target(store);
    const auto task = program.task("append " + source);
    layers.push_back(std::filesystem::is_directory(source) ? image::layer_of_directory(source, prefix, {}, settings, target, task)
                                                           : image::layer_of_archive(source, settings, target, task));
    made.insert(layers.back().descriptor.digest);
  }
  const auto image = image::append(base, layers, created_time());
  const auto origin = [&](const oci::Descriptor& layer) -> const oci::BlobSource& {
    if (made.contains(layer.digest)) return store;
    return *open.blobs;
  };
  publish_result(program, store, image, origin, options.result);
  return Exit::done;
}

}  // namespace

void add_append(CommandLine& line, Program& program)
{
  const auto options = std::make_shared<Options>();  // shared with the command's options, which fill it
  auto& command = line.add(
      {
          .name = "append",
          .summary = "Put layers on top of an image",
          .description =
              "Each LAYER becomes one layer, the first the lowest. An archive (tar, plain or compressed by gzip or zstd) is checked as "
              "strictly as cairn validate does; a compressed one is kept byte by byte. Of a directory its content is taken: sorted, owned "
              "by root, modes as they are, all times the start of 2000, so that the same content gives the same digest.\n\n"
              "No layer of IMAGE is read or changed. More than 120 layers are refused, since not every runtime takes them.",
          .examples = {{"cairn append library:2026.11 easybuild/modules --target /opt/modules --tag library:extra",
                        "A directory, at a path."},
                       {"cairn append library:2026.11 site.tar.gz --tag library:site", "An archive as it is."}},
          .sections = {result_section()},
      },
      [options, &program] { return run(*options, program); });
  command.word("IMAGE", "name, digest, or an image elsewhere", options->image, ValueKind::image)
      .words("LAYER", "tar archives and directories", OptionSpec::Count::some, options->sources, ValueKind::file)
      .option("--target", "PATH", "where the content of directories lands in the image; `/` if not given", options->target);
  add_result_options(command, options->result);
}

}  // namespace cairn::cli
