// SPDX-License-Identifier: Apache-2.0
#include <cairn/base/error.hpp>
#include <cairn/image/rebase.hpp>
#include <cli/commands/commands.hpp>
#include <cli/image_result.hpp>
#include <cli/time.hpp>

#include <fmt/format.h>

#include <memory>
#include <optional>
#include <set>
#include <string>

namespace cairn::cli {
namespace {

struct Options {
  std::string image;
  std::optional<std::string> old_base;
  std::optional<std::string> new_base;
  ResultOptions result;
};

/// How the old base is named: by the user, else by the image itself.
std::string old_base_of(const Options& options, const std::optional<image::Base>& base)
{
  if (options.old_base) return *options.old_base;
  if (!base)
    throw Error(Errc::not_found, fmt::format("{}: does not say what it was built on (no annotation {}); give --old-base",
                                             printable(options.image), image::annotation::base_digest));
  return base->digest ? base->digest->str() : base->name;
}

std::string new_base_of(const Options& options, const std::optional<image::Base>& base)
{
  if (options.new_base) return *options.new_base;
  if (!base || base->name.empty())
    throw Error(Errc::not_found, fmt::format("{}: does not say what its base is called (no annotation {}); give --new-base",
                                             printable(options.image), image::annotation::base_name));
  return base->name;
}

Exit run(const Options& options, Program& program)
{
  check_result_options(options.result);
  auto store = program.open_store(store::Access::write);
  const auto hold = store.hold(LockMode::shared, program.task("wait for the store"));
  const auto open = open_image(program, options.image, options.result.registry);
  const auto image = image::load(*open.blobs, open.manifest);
  const auto stated = image::base_of(image);
  const auto old_base = in_context([] { return "old base"; },
                                   [&] {
                                     const auto base = open_image(program, old_base_of(options, stated), options.result.registry);
                                     return image::load(*base.blobs, base.manifest);
                                   });
  const auto new_name = new_base_of(options, stated);
  const auto base = in_context([] { return "new base"; }, [&] { return open_image(program, new_name, options.result.registry); });
  const auto new_base = in_context([] { return "new base"; }, [&] { return image::load(*base.blobs, base.manifest); });
  std::set<Digest> of_base;
  for (const auto& layer : new_base.manifest.layers) of_base.insert(layer.digest);

  const auto rebased =
      image::with_base(image::rebase(image, old_base, new_base, created_time()), {base_name(new_name), base.manifest.digest});
  const auto origin = [&](const oci::Descriptor& layer) -> const oci::BlobSource& {
    return of_base.contains(layer.digest) ? *base.blobs : *open.blobs;
  };
  publish_result(program, store, rebased, origin, options.result);
  return Exit::done;
}

}  // namespace

void add_rebase(CommandLine& line, Program& program)
{
  const auto options = std::make_shared<Options>();  // shared with the command's options, which fill it
  auto& command = line.add(
      {
          .name = "rebase",
          .summary = "Put an image on another base without building it again",
          .description =
              "The layers of the old base are exchanged for those of the new one; the layers above stay as they are, and nothing of them "
              "is "
              "read. IMAGE must really begin with the old base's layers: they are compared by what they hold, not by how they are "
              "compressed.\n\n"
              "What the image's config has as the old base had it, it gets as the new base has it; what the image set itself stays. A "
              "variable that extends the old base's value (`PATH=/app/bin:…`) extends the new one's. Layers above may still need libraries "
              "of the old base: a rebase suits updates of one base, not changes of distribution.\n\n"
              "Without `--old-base` and `--new-base` the image's annotations `org.opencontainers.image.base.digest` and `….name` say what "
              "it "
              "was built on and what that is called; cairn bake and cairn rebase write them.",
          .examples = {{"cairn rebase notebook:1 --old-base debian:12.1 --new-base debian:12.2 --tag notebook:2",
                        "After an update of the base."},
                       {"cairn rebase notebook:1 --tag notebook:2", "The same, when notebook:1 says what it was built on."}},
          .sections = {result_section()},
      },
      [options, &program] { return run(*options, program); });
  command.word("IMAGE", "name, digest, or an image elsewhere", options->image, ValueKind::image)
      .option("--old-base", "IMAGE", "what it was built on", options->old_base, ValueKind::image)
      .option("--new-base", "IMAGE", "what it shall be on", options->new_base, ValueKind::image);
  add_result_options(command, options->result);
}

}  // namespace cairn::cli
