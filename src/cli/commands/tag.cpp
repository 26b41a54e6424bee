// SPDX-License-Identifier: Apache-2.0
#include <cli/commands/commands.hpp>

#include <memory>
#include <string>

namespace cairn::cli {
namespace {

struct Options {
  std::string image;
  std::string name;
};

Exit run(const Options& options, Program& program)
{
  store::check_tag_name(options.name);
  auto store = program.open_store(store::Access::write);
  const auto manifest = store.resolve(options.image);
  store.tag(options.name, manifest, program.task("tag " + options.name));
  if (program.json()) {
    oci::JsonWriter json(oci::JsonStyle::readable);
    json.begin_object().member("name", options.name).member("manifest", manifest.digest).end_object();
    program.print(json);
  } else {
    program.print(manifest.digest.str() + '\n');
  }
  return Exit::done;
}

}  // namespace

void add_tag(CommandLine& line, Program& program)
{
  const auto options = std::make_shared<Options>();  // shared with the command's options, which fill it
  line.add(
          {
              .name = "tag",
              .summary = "Give an image of the store another name",
              .description =
                  "From now on NAME:TAG means the image that IMAGE means now; what NAME:TAG meant before loses the name at the same "
                  "moment. Nothing is copied. The image's digest is printed.",
              .examples = {{"cairn tag library:2026.11 library:stable", "Let a moving name follow a release."}},
              .sections = {{"JSON", "One object: `name` and `manifest` (digest)."}},
          },
          [options, &program] { return run(*options, program); })
      .word("IMAGE", "name or digest in the store", options->image, ValueKind::image)
      .word("NAME:TAG", "the new name", options->name, ValueKind::image);
}

}  // namespace cairn::cli
